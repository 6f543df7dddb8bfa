import type { FetchResult, FetchResponse } from '../../infra/http.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import type { RobotsResult, CaptureDraft } from './batch.ts'
import { draftCapture, header } from './draft-capture.ts'
import { headerSignals } from './opt-out.ts'
import { robotsSignals } from './robots-preferences.ts'
import { locationOf, resolveRedirect } from './redirects.ts'
import { parseRetryAfter } from './retry-policy.ts'
import {
  crawlDelaySeconds,
  isAllowed,
  type RobotsRules,
  type RobotsVerdict,
  robotsVerdictForStatus,
  sitemaps,
} from './robots.ts'
import { ROBOTS_LIMITS } from './robots-text.ts'
import { sha256 } from '../digest.ts'

/** Redirects of robots.txt in a row: RFC 9309 asks for at least five. */
const ROBOTS_HOPS = 5
/** A robots.txt that cannot be had is asked again this often, then its URLs are given up. */
const UNREACHABLE_TRIES = 3
/** The waits between those tries, milliseconds. */
const UNREACHABLE_WAIT_MS = 2_000
/** Of what its Retry-After asks for: its URLs are given up for this crawl rather than held for longer. */
const LONGEST_WAIT_MS = 60_000
/** A site that asks for longer waits cannot be crawled in useful time; StormCrawler and Nutch skip it too. */
export const MAX_CRAWL_DELAY_SECONDS = 30

export interface OriginRules {
  verdict: RobotsResult['verdict']
  rules: RobotsRules | null
}

export interface RobotsGateDeps {
  fetch(url: string, limits: typeof ROBOTS_LIMITS): Promise<FetchResult>
  load(origin: string): Promise<OriginRules | null>
  place(url: string, base?: string): { url: string; sha: Buffer; host: string; shard: number } | null
  record(result: RobotsResult): void
  /** Waits until the host of a URL may be asked once more; the first request of an ask goes out in its caller's turn. */
  turn(url: string): Promise<void>
  sleep(ms: number): Promise<void>
  token: string
}

export type RobotsAnswer =
  | { allowed: true; delayMs: number; sitemaps: string[]; signals: OptOutSignal[] }
  | {
      allowed: false
      reason: 'robots_disallowed' | 'robots_unreachable' | 'crawl_delay_too_long' | 'address_blocked'
      detail: string | null
    }

/** What a rule of robots.txt says of a URL, and which. */
export interface Refusal {
  reason: 'robots_disallowed'
  detail: string | null
}

/** Asks an origin's robots.txt once and answers for each URL below it. */
export class RobotsGate {
  private readonly origins = new Map<string, Promise<OriginRules>>()
  private readonly known = new Map<string, OriginRules>()
  private readonly asked = new Set<string>()
  /** Why an origin's robots.txt was last not to be had, for people. */
  private readonly faults = new Map<string, string>()
  /** Origins at addresses that may not be visited: neither may robots.txt, and asking again gives the same. */
  private readonly blocked = new Set<string>()
  /** Origins whose stored answer is not taken: they are asked whether they are there again. */
  private readonly stale = new Set<string>()
  private readonly deps: RobotsGateDeps

  constructor(deps: RobotsGateDeps) {
    this.deps = deps
  }

  /** Asks a host's robots.txt anew with its next URL. */
  forget(host: string): void {
    for (const origin of [`http://${host}`, `https://${host}`]) {
      this.origins.delete(origin)
      this.known.delete(origin)
      this.stale.add(origin)
    }
  }

  /** Whether the origin's rules are at hand. */
  knows(url: string): boolean {
    return this.known.has(new URL(url).origin)
  }

  /** Gets the origin's rules, from the table or from its server; returns whether the server was asked. */
  async prepare(url: string): Promise<boolean> {
    const { origin } = new URL(url)
    await this.rulesOf(origin)
    return this.asked.has(origin)
  }

  /** The rule that keeps us off a canonical URL, as far as its origin's rules are at hand; asks nobody. */
  refusal(url: string): Refusal | null {
    const known = this.known.get(url.slice(0, url.indexOf('/', 'https://'.length)))
    return known?.verdict === 'rules' && known.rules ? refusalBy(known.rules, this.deps.token, url) : null
  }

  async ask(url: string): Promise<RobotsAnswer> {
    const { origin } = new URL(url)
    const { verdict, rules } = await this.rulesOf(origin)
    if (verdict === 'disallow_all') {
      const reason = this.blocked.has(origin) ? 'address_blocked' : 'robots_unreachable'
      return { allowed: false, reason, detail: this.faults.get(origin) ?? null }
    }
    if (verdict === 'allow_all' || !rules) return { allowed: true, delayMs: 0, sitemaps: [], signals: [] }
    const refusal = refusalBy(rules, this.deps.token, url)
    if (refusal) return { allowed: false, ...refusal }
    const seconds = crawlDelaySeconds(rules, this.deps.token) ?? 0
    if (seconds > MAX_CRAWL_DELAY_SECONDS)
      return { allowed: false, reason: 'crawl_delay_too_long', detail: `crawl-delay ${seconds} s` }
    const file = `${origin}/robots.txt`
    const signals = robotsSignals(rules, this.deps.token, url, file)
    return { allowed: true, delayMs: seconds * 1000, sitemaps: sitemaps(rules, file), signals }
  }

  private async rulesOf(origin: string): Promise<OriginRules> {
    let rules = this.origins.get(origin)
    if (!rules) {
      rules = this.load(origin)
      this.origins.set(origin, rules)
      // A failed load (worker stopping) must not stay as the origin's answer.
      rules.catch(() => this.origins.delete(origin))
    }
    const found = await rules
    this.known.set(origin, found)
    return found
  }

  private async load(origin: string): Promise<OriginRules> {
    const stored = this.stale.delete(origin) ? null : await this.deps.load(origin)
    if (stored) return stored
    this.asked.add(origin)
    this.blocked.delete(origin)
    // Every answer is evidence, also those of tries that came to nothing.
    const drafts: CaptureDraft[] = []
    for (let tried = 1; ; tried += 1) {
      if (tried > 1) await this.deps.turn(`${origin}/robots.txt`)
      const answer = await this.fetchRobots(origin)
      drafts.push(...answer.drafts)
      if (answer.verdict !== 'disallow_all' || tried >= UNREACHABLE_TRIES || this.blocked.has(origin)) {
        const { verdict, rules, shard } = answer
        this.deps.record({ verdict, rules, shard, drafts, origin })
        return { verdict: answer.verdict, rules: answer.rules as RobotsRules | null }
      }
      await this.deps.sleep(Math.max(UNREACHABLE_WAIT_MS * tried, answer.retryAfterMs))
    }
  }

  private async fetchRobots(origin: string): Promise<Omit<RobotsResult, 'origin'> & { retryAfterMs: number }> {
    const drafts: CaptureDraft[] = []
    let url = `${origin}/robots.txt`
    const shard = this.deps.place(url)?.shard ?? 0
    const answer = (verdict: RobotsVerdict, fault = '') => {
      this.faults.set(origin, fault)
      const rules = verdict.kind === 'rules' ? verdict.rules : null
      return { verdict: verdict.kind, rules, shard, drafts, retryAfterMs }
    }
    let retryAfterMs = 0
    for (let hop = 0; hop <= ROBOTS_HOPS; hop += 1) {
      if (hop > 0) await this.deps.turn(url)
      const result = await this.deps.fetch(url, ROBOTS_LIMITS)
      if (result.kind === 'failure' && result.reason === 'address_blocked' && hop === 0) this.blocked.add(origin)
      if (result.kind === 'failure') return answer(robotsVerdictForStatus({ failure: result.reason }), faultOf(result))
      drafts.push(robotsDraft(this.deps, url, result))
      retryAfterMs = parseRetryAfter(header(result, 'retry-after'), result.startedAt, LONGEST_WAIT_MS) ?? 0
      const redirect = resolveRedirect(url, result.status, locationOf(result))
      if (redirect.kind === 'bad') return answer(robotsVerdictForStatus({ failure: redirect.reason }), redirect.reason)
      if (redirect.kind === 'to') {
        url = redirect.url
        continue
      }
      return answer(robotsVerdictForStatus({ status: result.status, body: result.body }), `status ${result.status}`)
    }
    return answer(robotsVerdictForStatus({ failure: 'too_many_redirects' }), 'too_many_redirects')
  }
}

function refusalBy(rules: RobotsRules, token: string, url: string): Refusal | null {
  const answer = isAllowed(rules, token, url)
  if (answer.allowed) return null
  return { reason: 'robots_disallowed', detail: answer.rule === null ? null : `${answer.rule} (line ${answer.line})` }
}

/** `dns_failed ENOTFOUND`: a reason of ours and the system's word for it. */
function faultOf({ reason, errorCode }: { reason: string; errorCode: string }): string {
  return errorCode === '' ? reason : `${reason} ${errorCode}`
}

function robotsDraft(deps: RobotsGateDeps, url: string, response: FetchResponse): CaptureDraft {
  const urlSha = deps.place(url)?.sha ?? sha256(url)
  return draftCapture({
    url,
    urlSha,
    kind: 'robots',
    response,
    signals: headerSignals(response.headers),
    reserved: false,
  })
}

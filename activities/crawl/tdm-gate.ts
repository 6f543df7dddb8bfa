import type { FetchFailure, FetchResponse, FetchResult } from '../../infra/http.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import type { FetchReason } from '../../schema/contracts/reasons.ts'
import { sha256 } from '../digest.ts'
import type { CaptureDraft, TdmResult } from './batch.ts'
import { draftCapture } from './draft-capture.ts'
import { headerSignals } from './opt-out.ts'
import { locationOf, MAX_REDIRECTS, resolveRedirect } from './redirects.ts'
import { parseTdmFile, TDM_FILE, type TdmRule, tdmSignals } from './tdm-file.ts'

/** A server that is overloaded is asked again this often, after these waits. */
const BUSY_TRIES = 3
const BUSY_WAIT_MS = 2_000
/** Attempts of a URL of which all but the last wait for the file. */
const UNREACHABLE_TRIES = 3

/** Faults of the way there, which may be over at the next try. What else fails is an origin without the protocol. */
const UNREACHABLE: ReadonlySet<FetchReason> = new Set(['dns_failed', 'refused', 'reset', 'timeout', 'truncated'])

export interface TdmGateDeps {
  fetch(url: string): Promise<FetchResult>
  /** Rules that were had at most 24 hours ago, null when there are none such. */
  load(origin: string): Promise<TdmRule[] | null>
  /** Whether robots.txt lets us ask. */
  mayAsk(url: string): Promise<boolean>
  place(url: string, base?: string): { url: string; sha: Buffer; host: string; shard: number } | null
  record(result: TdmResult): void
  /** Waits until the host of a URL may be asked once more; the first request of an ask goes out in its caller's turn. */
  turn(url: string): Promise<void>
  sleep(ms: number): Promise<void>
}

type Rules = { kind: 'rules'; rules: TdmRule[] } | { kind: 'unreachable'; failure: FetchFailure }

/**
 * Asks an origin's TDM file once, in a turn of its own before anything of it is fetched, and answers for each URL below
 * it.
 */
export class TdmGate {
  private readonly origins = new Map<string, Promise<Rules>>()
  private readonly known = new Set<string>()
  private readonly asked = new Set<string>()
  private readonly deps: TdmGateDeps

  constructor(deps: TdmGateDeps) {
    this.deps = deps
  }

  /** Whether it is settled what the origin's file says, or that it cannot be reached now. */
  knows(url: string): boolean {
    return this.known.has(new URL(url).origin)
  }

  /** Gets what the origin's file says, from the table or from its server; returns whether the server was asked. */
  async prepare(url: string): Promise<boolean> {
    const { origin } = new URL(url)
    await this.rulesOf(origin)
    return this.asked.has(origin)
  }

  /**
   * Fetches a URL under its origin's file. While the file cannot be reached, that is the URL's own outcome, twice; then the
   * URL is asked for, and when its server answers and has no file still, there is none (TDMRep, "TDM File on the Origin
   * Server"). A server that is down is never taken for one without a file. `attempts`: how often the URL was tried before.
   */
  async under(
    url: string,
    attempts: number,
    fetch: () => Promise<FetchResult>,
  ): Promise<{ response: FetchResult; signals: OptOutSignal[] }> {
    const { origin } = new URL(url)
    const signalsIn = (rules: TdmRule[]) => tdmSignals(rules, url, `${origin}${TDM_FILE}`)
    const found = await this.rulesOf(origin)
    if (found.kind === 'rules') return { response: await fetch(), signals: signalsIn(found.rules) }
    if (attempts + 1 < UNREACHABLE_TRIES) return { response: found.failure, signals: [] }
    const response = await fetch()
    if (response.kind === 'failure') return { response, signals: [] }
    if ((await this.origins.get(origin))?.kind === 'unreachable') this.origins.delete(origin)
    const again = await this.rulesOf(origin, true)
    if (again.kind === 'rules') return { response, signals: signalsIn(again.rules) }
    this.origins.set(origin, Promise.resolve(this.answer(origin, [], [])))
    return { response, signals: [] }
  }

  /** `turnUsed`: the caller's turn went to another request. */
  private async rulesOf(origin: string, turnUsed = false): Promise<Rules> {
    let rules = this.origins.get(origin)
    if (!rules) {
      rules = this.load(origin, turnUsed)
      this.origins.set(origin, rules)
      // A failed load (worker stopping) must not stay as the origin's answer.
      rules.catch(() => this.origins.delete(origin))
    }
    const found = await rules
    this.known.add(origin)
    return found
  }

  private async load(origin: string, turnUsed: boolean): Promise<Rules> {
    const stored = await this.deps.load(origin)
    if (stored) return { kind: 'rules', rules: stored }
    const file = `${origin}${TDM_FILE}`
    if (!(await this.deps.mayAsk(file))) return { kind: 'rules', rules: [] }
    this.asked.add(origin)
    if (turnUsed) await this.deps.turn(file)
    return this.fetchRules(origin)
  }

  private async fetchRules(origin: string): Promise<Rules> {
    // Every answer is evidence, also those of tries that came to nothing.
    const drafts: CaptureDraft[] = []
    for (let tried = 1; ; tried += 1) {
      const last = await this.fetchFile(origin, drafts)
      if (last === null) return this.answer(origin, [], drafts)
      if (last.kind === 'failure' && UNREACHABLE.has(last.reason)) {
        const failure = { ...last, message: `${TDM_FILE}: ${last.message}`.slice(0, 300) }
        return { kind: 'unreachable', failure }
      }
      if (last.kind === 'response' && isBusy(last) && tried < BUSY_TRIES) {
        await this.deps.sleep(BUSY_WAIT_MS * tried)
        await this.deps.turn(`${origin}${TDM_FILE}`)
        continue
      }
      const isFile = last.kind === 'response' && last.status >= 200 && last.status < 300
      return this.answer(origin, isFile ? parseTdmFile(last.body) : [], drafts)
    }
  }

  /** The answer at the end of the redirects; null when they lead nowhere. */
  private async fetchFile(origin: string, drafts: CaptureDraft[]): Promise<FetchResult | null> {
    let url = `${origin}${TDM_FILE}`
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      if (hop > 0) await this.deps.turn(url)
      const result = await this.deps.fetch(url)
      if (result.kind === 'failure') return result
      drafts.push(this.draft(url, result))
      const redirect = resolveRedirect(url, result.status, locationOf(result))
      if (redirect.kind === 'none') return result
      if (redirect.kind === 'bad') return null
      url = redirect.url
    }
    return null
  }

  private answer(origin: string, rules: TdmRule[], drafts: CaptureDraft[]): Rules {
    const shard = this.deps.place(`${origin}${TDM_FILE}`)?.shard ?? 0
    this.deps.record({ origin, rules, shard, drafts })
    return { kind: 'rules', rules }
  }

  private draft(url: string, response: FetchResponse): CaptureDraft {
    const urlSha = this.deps.place(url)?.sha ?? sha256(url)
    const signals = headerSignals(response.headers)
    return draftCapture({ url, urlSha, kind: 'tdmrep', response, signals, reserved: false })
  }
}

const isBusy = ({ status }: FetchResponse) => status === 429 || status >= 500

import type { BodyBudget, BodyShare } from '../../infra/body-budget.ts'
import type { FetchResult } from '../../infra/http.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FrontierRow } from '../../schema/queries/frontier.ts'
import type { UrlResult } from './batch.ts'
import { conditionsOf } from './conditional.ts'
import { header } from './draft-capture.ts'
import { contactOf, contactOfRobots } from './host-budget.ts'
import type { HostSchedule, Turn } from './host-schedule.ts'
import { type InterpretDeps, interpretFailure, interpretResponse } from './interpret.ts'
import type { Seen } from './politeness.ts'
import { parseRetryAfter, retryClass, speaksOfServer } from './retry-policy.ts'
import { asRevisit, type Confirmed, type Revisits, validatorsOfBase } from './revisit.ts'
import type { RobotsAnswer, RobotsGate } from './robots-gate.ts'
import { MAX_SITEMAP_BYTES } from './sitemap.ts'
import type { TdmGate } from './tdm-gate.ts'

export interface VisitDeps {
  interpret: InterpretDeps
  section: CrawlSection
  gate: RobotsGate
  tdm: TdmGate
  schedule: HostSchedule
  /** Waits until the host of a URL may be asked once more in the same turn. */
  turn(url: string): Promise<void>
  fetch(url: string, asked: Asked): Promise<FetchResult>
  /** What all bodies of this process are taken from, until they are committed. */
  bodies: BodyBudget
  /** What an earlier crawl has. */
  revisits: Revisits
  now(): number
}

interface Asked {
  headers: [string, string][]
  share: BodyShare
  /** Instead of what the spec lets a page weigh. */
  maxBodyBytes?: number
}

/** Of a request that tells nothing of the host's pages. */
const UNSEEN = { status: null, latencyMs: null, retryAfterMs: null, second: null }

/** `share` is what the response's body takes of the process' budget, closed when it is committed. */
type AddResult = (result: UrlResult, share?: BodyShare) => void

/**
 * Asks for one URL in its turn: robots.txt and the origin's TDM file first, then the URL itself, under a condition where
 * an earlier crawl has it. Adds what became of it. A turn whose request went to one of the files leaves the URL for the
 * next: each request waits its time.
 */
export async function visitUrl(deps: VisitDeps, turn: Turn, add: AddResult): Promise<void> {
  const { schedule, gate, section } = deps
  const { row } = turn
  const { honour } = section.politeness
  // Preferences stand in robots.txt, too, where its rules of access are not heeded.
  if (!honour.includes('robots') && !honour.includes('ai-pref')) return fetchTurn(deps, turn, add, [], [])
  if (await wentToFile(deps, turn, gate)) return
  const answer = await gate.ask(row.url)
  if (!honour.includes('robots')) return fetchTurn(deps, turn, add, [], answer.allowed ? answer.signals : [])
  if (!answer.allowed) {
    add(notAllowed(row, answer))
    return turn.finish(deps.now(), null)
  }
  schedule.setCrawlDelay(row.host, answer.delayMs)
  return fetchTurn(deps, turn, add, answer.sitemaps, answer.signals)
}

/** Gets a file of the origin where it is not known; returns whether the turn went to it. */
async function wentToFile(deps: VisitDeps, turn: Turn, file: RobotsGate | TdmGate): Promise<boolean> {
  const { row } = turn
  if (file.knows(row.url)) return false
  const startedAt = deps.now()
  if (!(await file.prepare(row.url))) return false
  const answer = file === deps.gate ? await deps.gate.ask(row.url) : null
  if (answer?.allowed) deps.schedule.setCrawlDelay(row.host, answer.delayMs)
  deps.schedule.putBack(row)
  turn.finish(deps.now(), { startedAt, ...UNSEEN })
  return true
}

async function fetchTurn(
  deps: VisitDeps,
  turn: Turn,
  add: AddResult,
  sitemaps: string[],
  robots: OptOutSignal[],
): Promise<void> {
  if (await wentToFile(deps, turn, deps.tdm)) return
  const share = deps.bodies.open()
  try {
    add(await fetchShared(deps, turn, sitemaps, robots, share), share)
  } catch (error) {
    share.close()
    throw error
  }
}

/** `robots`: what robots.txt says of the use of the URL. */
async function fetchShared(
  deps: VisitDeps,
  turn: Turn,
  sitemaps: string[],
  robots: OptOutSignal[],
  share: BodyShare,
): Promise<UrlResult> {
  const { interpret, schedule } = deps
  const { row } = turn
  let startedAt = deps.now()
  let confirmed: Confirmed | null = null
  const { response, signals } = await deps.tdm.under(row.url, row.attempts, async () => {
    startedAt = deps.now()
    const asked = await ask(deps, row, share)
    confirmed = asked.confirmed
    return asked.response
  })
  const seen = seenOf(deps, response, startedAt)
  turn.finish(deps.now(), seen)
  if (response.remoteAddress !== null) schedule.setAddress(row.host, response.remoteAddress)
  const result = await resultOf(deps, row, response, confirmed, [...robots, ...signals], share)
  for (const sitemap of row.site_no === null || (row.sitemap && !row.seed) ? [] : sitemaps) {
    const target = interpret.place(sitemap, row.url)
    if (!target || !interpret.inScope(row.site_no as number, target.url)) continue
    const { site_no: siteNo, depth } = row
    result.found.push({ ...target, siteNo, depth, kind: 'sitemap', redirects: 0, fromSha: null })
  }
  // A server in trouble gets a pause for the whole host; what it asked for itself is counted already.
  const fault = retryClass(response.kind === 'failure' ? { reason: response.reason } : { status: response.status })
  if (fault === null) schedule.fine(row.host)
  else if (speaksOfServer(fault) && seen.retryAfterMs === null) schedule.trouble(row.host, deps.now())
  const contact =
    response.kind === 'failure'
      ? contactOf(row.host, response.reason, response.errorCode)
      : { host: row.host, failure: null }
  return { ...result, contact }
}

async function resultOf(
  deps: VisitDeps,
  row: FrontierRow,
  response: FetchResult,
  confirmed: Confirmed | null,
  site: readonly OptOutSignal[],
  share: BodyShare,
): Promise<UrlResult> {
  const interpret = countingCopies(deps.interpret, share)
  if (response.kind === 'failure') return interpretFailure(interpret, row, response)
  const result = await interpretResponse(interpret, row, confirmed?.response ?? response, site)
  return confirmed && result.draft ? { ...result, draft: asRevisit(result.draft, confirmed) } : result
}

/** Asks under a condition where an earlier crawl has a body; a 304 that confirms nothing readable is asked past. */
async function ask(
  deps: VisitDeps,
  row: FrontierRow,
  share: BodyShare,
): Promise<{ response: FetchResult; confirmed: Confirmed | null }> {
  const { revisits } = deps
  const base = await revisits.baseOf(row.url_sha)
  // The protocol's limit is a sitemap's own, as robots.txt has one.
  const asked = { share, ...(row.sitemap ? { maxBodyBytes: MAX_SITEMAP_BYTES } : {}) }
  const response = await deps.fetch(row.url, { ...asked, headers: base ? conditionsOf(validatorsOfBase(base)) : [] })
  if (!base || response.kind === 'failure' || response.status !== 304) return { response, confirmed: null }
  const confirmed = await revisits.confirm(base, response)
  if (confirmed) return { response, confirmed }
  await deps.turn(row.url)
  return { response: await deps.fetch(row.url, { ...asked, headers: [] }), confirmed: null }
}

/** A page goes to its parser as a copy, which counts while it is there. */
function countingCopies(deps: InterpretDeps, share: BodyShare): InterpretDeps {
  return {
    ...deps,
    extractPage: async (input) => {
      const granted = await share.grow(input.body.length)
      try {
        return await deps.extractPage(input)
      } finally {
        if (granted) share.shrink(input.body.length)
      }
    },
  }
}

function seenOf(deps: VisitDeps, response: FetchResult, startedAt: number): Seen {
  const capMs = deps.section.limits.give_up_hours * 3_600_000
  const retryAfterMs = parseRetryAfter(header(response, 'retry-after'), response.startedAt, capMs)
  const { status, durationMs } = response
  // A timeout says how long at least the answer would have taken.
  const isTimeout = response.kind === 'failure' && response.reason === 'timeout'
  const latencyMs = response.latencyMs ?? (isTimeout ? durationMs : null)
  const date = Date.parse(header(response, 'date') ?? '')
  return { startedAt, status, latencyMs, retryAfterMs, second: Number.isNaN(date) ? null : Math.floor(date / 1000) }
}

/** A rule's refusal is the URL's end; a robots.txt that cannot be had is the host's matter, and the URL waits for it. */
function notAllowed(row: FrontierRow, { reason, detail }: Extract<RobotsAnswer, { allowed: false }>): UrlResult {
  const contact = reason === 'robots_unreachable' ? contactOfRobots(row.host, detail) : null
  return {
    draft: null,
    found: [],
    contact,
    outcome: {
      sha: row.url_sha,
      asPicture: row.picture,
      state: contact === null ? 'excluded' : 'retry',
      reason,
      detail,
      attempts: row.attempts,
      waitMs: 0,
      errorClass: contact?.failure?.class ?? null,
    },
  }
}

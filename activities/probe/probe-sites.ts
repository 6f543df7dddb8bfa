import type { FetchResult } from '../../infra/http.ts'
import type { PageExtract } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact } from '../../schema/contracts/facts.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FrontierRow } from '../../schema/queries/frontier.ts'
import type { RobotsResult } from '../crawl/batch.ts'
import { canonicalUrl, registrableDomain, siteOf, urlDigest } from '../crawl/canonical-url.ts'
import { HostSchedule, type Turn } from '../crawl/host-schedule.ts'
import { type InterpretDeps, interpretFailure, interpretResponse } from '../crawl/interpret.ts'
import { planSites, shardOf } from '../crawl/plan-crawl.ts'
import { productToken } from '../crawl/robots.ts'
import { RobotsGate } from '../crawl/robots-gate.ts'
import { ServerBook } from '../crawl/server-book.ts'
import { countScripts, type PageSigns } from './needs-javascript.ts'
import { SiteProbe } from './site-probe.ts'

export interface ProbeDeps extends Omit<InterpretDeps, 'section' | 'place' | 'inScope' | 'token'> {
  section: CrawlSection
  pageLanguage(text: string, declared: string | null): PageLanguageFact
  /** Pages asked for of each site. */
  pages: number
  fetch(url: string): Promise<FetchResult>
  /** Requests at a time over all sites. */
  concurrency: number
  now(): number
  sleep(ms: number): Promise<void>
  /** Called after each answer. */
  onPage(asked: number, total: number): void
}

/** How often the schedule is looked at again while nothing may start. */
const LOOK_MS = 50

/**
 * Asks each site of a section for a few pages as the crawl would, by the same robots gate, waits, extraction and
 * opt-outs, and a few pictures for their size. Stores nothing. A page that fails is not tried again.
 */
export async function probeSites(deps: ProbeDeps): Promise<{ sites: SiteProbe[]; robots: Map<string, RobotsResult> }> {
  const { politeness } = deps.section
  const sites = sitesOf(deps)
  const robots = new Map<string, RobotsResult>()
  const pagesSeen = new Map<string, PageExtract>()
  const hosts = { perHost: politeness.per_host, perAddress: politeness.per_address, delayMs: politeness.delay_ms }
  const schedule = new HostSchedule(hosts, new ServerBook())
  const scopes = new Map(sites.map((site) => [site.siteNo, site.scopeKey]))
  const interpret: InterpretDeps = {
    ...deps,
    place,
    token: productToken(politeness.user_agent),
    inScope: (siteNo, url) => scopes.get(siteNo) === siteOf(url, deps.section.scope),
    extractPage: async (input) => {
      const extracted = await deps.extractPage(input)
      if (extracted.ok) pagesSeen.set(input.url, extracted.page)
      return extracted
    },
  }
  const gate = new RobotsGate({
    ...deps,
    place,
    token: interpret.token,
    load: () => Promise.resolve(null),
    record: (result) => robots.set(result.origin, result),
  })
  const probe = { deps, interpret, gate, schedule, pagesSeen }
  const underWay = new Map<SiteProbe, number>()
  let running = 0
  let wake = () => {}
  let failure: unknown = null
  const siteOfRow = new Map<FrontierRow, SiteProbe>()
  const total = sites.length * deps.pages
  for (;;) {
    if (failure !== null) throw failure
    // One URL of a site at a time: what it leads to decides what is asked for next.
    for (const site of sites) {
      if ((underWay.get(site) ?? 0) > 0) continue
      const row = site.next()
      if (row === null) continue
      underWay.set(site, 1)
      siteOfRow.set(row, site)
      // Names are told apart when they have answered: a probe asks for few pages.
      if (!schedule.knowsAddress(row.host)) schedule.setAddress(row.host, '')
      schedule.push(row.host, [row])
    }
    while (running < deps.concurrency) {
      const turn = schedule.take(deps.now())
      if (turn === null) break
      const site = siteOfRow.get(turn.row) as SiteProbe
      running += 1
      void probeUrl(probe, site, turn)
        .catch((error: unknown) => {
          failure ??= error
        })
        .finally(() => {
          running -= 1
          turn.finish(deps.now(), null)
          siteOfRow.delete(turn.row)
          underWay.set(site, 0)
          deps.onPage(
            sites.reduce((sum, one) => sum + one.asked, 0),
            total,
          )
          wake()
        })
    }
    if (running === 0 && schedule.queued === 0) return { sites, robots }
    const happened = new Promise<void>((resolve) => {
      wake = resolve
    })
    await Promise.race([happened, deps.sleep(Math.max(1, Math.min(LOOK_MS, schedule.waitMs(deps.now()) ?? LOOK_MS)))])
  }
}

interface Probe {
  deps: ProbeDeps
  interpret: InterpretDeps
  gate: RobotsGate
  schedule: HostSchedule
  pagesSeen: Map<string, PageExtract>
}

async function probeUrl({ deps, interpret, gate, schedule, pagesSeen }: Probe, site: SiteProbe, turn: Turn) {
  const { row } = turn
  if (deps.section.politeness.honour.includes('robots')) {
    const answer = await gate.ask(row.url)
    if (!answer.allowed) {
      site.refuse(answer.reason, answer.detail)
      return
    }
    schedule.setCrawlDelay(row.host, answer.delayMs)
    for (const sitemap of row.picture ? [] : answer.sitemaps) {
      const target = place(sitemap, row.url)
      if (target && interpret.inScope(site.siteNo, target.url))
        site.add({ ...row, ...target, url_sha: target.sha, page: false, sitemap: true, redirects: 0, seed: false })
    }
  }
  const start = deps.now()
  const response = await deps.fetch(row.url)
  const { status, latencyMs } = response
  turn.finish(deps.now(), { startedAt: start, status, latencyMs, retryAfterMs: null })
  if (response.remoteAddress !== null) schedule.setAddress(row.host, response.remoteAddress)
  if (response.kind === 'failure') {
    const { outcome } = interpretFailure(interpret, row, response)
    site.refuse(response.reason, outcome.detail)
    return
  }
  const result = await interpretResponse(interpret, row, response)
  if (result.outcome.state === 'retry') schedule.pause(row.host, deps.now() + Math.min(result.outcome.waitMs, 60_000))
  const page = pagesSeen.get(row.url)
  pagesSeen.delete(row.url)
  site.take(row, result, {
    ms: deps.now() - start,
    signs: page ? signsOf(page, response.body) : null,
    lang: page ? (deps.pageLanguage(page.text, page.lang).shares[0]?.lang ?? 'und') : 'und',
  })
}

function signsOf(page: PageExtract, body: Uint8Array): PageSigns {
  return {
    letters: (page.text.match(/\p{L}/gu) ?? []).length,
    links: page.links.length,
    pictures: page.candidates.filter((candidate) => candidate.texts.length > 0).length,
    scripts: countScripts(body),
  }
}

function sitesOf({ section, pages }: ProbeDeps): SiteProbe[] {
  return planSites(section).sites.map(
    (site, index) =>
      new SiteProbe(
        {
          siteNo: index + 1,
          scopeKey: site.scopeKey,
          declared: site.declared,
          seeds: site.seeds.map(({ sha, url, host }) => ({
            url_sha: sha,
            url,
            host,
            site_no: index + 1,
            page: true,
            picture: false,
            sitemap: false,
            depth: 0,
            redirects: 0,
            attempts: 0,
            seed: true,
            declared: site.declared,
            first_tried: null,
          })),
        },
        pages,
      ),
  )
}

/** Shards have no meaning here. */
function place(url: string, base?: string): ReturnType<InterpretDeps['place']> {
  const canonical = canonicalUrl(url, base)
  if (!canonical.ok) return null
  const { host, hostname } = new URL(canonical.url)
  return {
    url: canonical.url,
    sha: Buffer.from(urlDigest(canonical.url), 'hex'),
    host,
    shard: shardOf(registrableDomain(hostname), 1),
  }
}

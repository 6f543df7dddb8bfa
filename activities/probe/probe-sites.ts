import type { FetchResult } from '../../infra/http.ts'
import type { PageExtract } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact } from '../../schema/contracts/facts.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FrontierRow } from '../../schema/queries/frontier.ts'
import type { RobotsResult } from '../crawl/batch.ts'
import { type InterpretDeps, interpretFailure, interpretResponse } from '../crawl/interpret.ts'
import { planSites } from '../crawl/plan-crawl.ts'
import { productToken } from '../crawl/robots.ts'
import { RobotsGate } from '../crawl/robots-gate.ts'
import { UrlBook } from '../crawl/url-book.ts'
import { countScripts, type PageSigns } from './needs-javascript.ts'
import { SiteProbe } from './site-probe.ts'
import { SiteWaits } from './site-waits.ts'

export interface ProbeDeps extends Omit<InterpretDeps, 'section' | 'place' | 'link' | 'inScope' | 'token'> {
  section: CrawlSection
  pageLanguage(text: string, declared: string | null): PageLanguageFact
  /** Pages asked for of each site. */
  pages: number
  fetch(url: string, limits?: { maxBodyBytes?: number; cut?: boolean }): Promise<FetchResult>
  /** Requests at a time over all sites. */
  concurrency: number
  now(): number
  sleep(ms: number): Promise<void>
  /** Called after each answer. */
  onPage(asked: number, total: number): void
}

/** How often the waits are looked at again while nothing may start. */
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
  const scopes = new Map(sites.map((site) => [site.siteNo, site.scopeKey]))
  // Shards have no meaning here.
  const urls = new UrlBook({ shards: 1, scope: deps.section.scope })
  const place = (url: string, base?: string) => urls.place(url, base)
  const interpret: InterpretDeps = {
    ...deps,
    place,
    link: (url, base) => urls.link(url, base),
    token: productToken(politeness.user_agent),
    inScope: (siteNo, url) => scopes.get(siteNo) === urls.siteOf(url),
    extractPage: async (input) => {
      const extracted = await deps.extractPage(input)
      if (extracted.ok) pagesSeen.set(input.url, extracted.page)
      return extracted
    },
  }
  const waits = new SiteWaits(politeness.delay_ms)
  const gate = new RobotsGate({
    ...deps,
    fetch: async (url, limits) => {
      const [{ host }, start] = [new URL(url), deps.now()]
      const response = await deps.fetch(url, limits)
      waits.setAddress(host, response.remoteAddress, start)
      return response
    },
    place,
    token: interpret.token,
    load: () => Promise.resolve(null),
    record: (result) => robots.set(result.origin, result),
    turn: (url) => deps.sleep(waits.reserve(new URL(url).host, deps.now())),
  })
  await askInTurns({ deps, interpret, gate, waits, pagesSeen }, sites)
  return { sites, robots }
}

/** One URL of a site at a time: what it leads to decides what is asked for next. Sites go side by side. */
async function askInTurns(probe: Probe, sites: readonly SiteProbe[]): Promise<void> {
  const { deps, waits } = probe
  const next = new Map<SiteProbe, FrontierRow>()
  const running = new Set<SiteProbe>()
  let failure: unknown = null
  let wake = () => {}
  const ask = async (site: SiteProbe, row: FrontierRow) => {
    const finish = waits.start(row.host, deps.now())
    try {
      if (await askedRobots(probe, row)) next.set(site, row)
      else await probeUrl(probe, site, row)
    } catch (error) {
      failure ??= error
    } finally {
      finish()
      running.delete(site)
      const asked = sites.reduce((sum, one) => sum + one.asked, 0)
      deps.onPage(asked, sites.length * deps.pages)
      wake()
    }
  }
  for (;;) {
    if (failure !== null) throw failure
    let least = LOOK_MS
    for (const site of sites) {
      if (running.has(site) || running.size >= deps.concurrency) continue
      const row = next.get(site) ?? site.next()
      if (row === null) continue
      next.set(site, row)
      const wait = waits.waitMs(row.host, deps.now())
      if (wait !== 0) {
        least = Math.min(least, wait ?? LOOK_MS)
        continue
      }
      next.delete(site)
      running.add(site)
      void ask(site, row)
    }
    if (running.size === 0 && next.size === 0) return
    const happened = new Promise<void>((resolve) => {
      wake = resolve
    })
    await Promise.race([happened, deps.sleep(Math.max(1, least))])
  }
}

interface Probe {
  deps: ProbeDeps
  interpret: InterpretDeps
  gate: RobotsGate
  waits: SiteWaits
  pagesSeen: Map<string, PageExtract>
}

/** Asks the robots.txt of a URL's origin where it is not known: then the URL waits for its own turn. */
async function askedRobots({ deps, gate, waits }: Probe, row: FrontierRow): Promise<boolean> {
  if (!deps.section.politeness.honour.includes('robots') || gate.knows(row.url)) return false
  const asked = await gate.prepare(row.url)
  const answer = await gate.ask(row.url)
  if (answer.allowed && answer.delayMs > 0) waits.raiseDelay(row.host, answer.delayMs, deps.now())
  return asked
}

async function probeUrl({ deps, interpret, gate, waits, pagesSeen }: Probe, site: SiteProbe, row: FrontierRow) {
  if (deps.section.politeness.honour.includes('robots')) {
    const answer = await gate.ask(row.url)
    if (!answer.allowed) {
      site.refuse(answer.reason, answer.detail)
      return
    }
    for (const sitemap of row.picture ? [] : answer.sitemaps) {
      const target = interpret.place(sitemap, row.url)
      if (target && interpret.inScope(site.siteNo, target.url))
        site.add({ ...row, ...target, url_sha: target.sha, page: false, sitemap: true, redirects: 0, seed: false })
    }
  }
  const start = deps.now()
  const response = await deps.fetch(row.url)
  // What parsing takes is not the site's.
  const ms = deps.now() - start
  waits.setAddress(row.host, response.remoteAddress, start)
  if (response.kind === 'failure') {
    const { outcome } = interpretFailure(interpret, row, response)
    site.refuse(response.reason, outcome.detail)
    return
  }
  const result = await interpretResponse(interpret, row, response)
  if (result.outcome.state === 'retry') waits.pause(row.host, deps.now() + Math.min(result.outcome.waitMs, 60_000))
  const page = pagesSeen.get(row.url)
  pagesSeen.delete(row.url)
  const lang = page ? (deps.pageLanguage(page.text, page.lang).shares[0]?.lang ?? 'und') : 'und'
  site.take(row, result, { ms, lang, signs: page ? signsOf(page, response.body) : null })
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
  const sites = planSites(section).sites.filter((site) => site.archive === undefined)
  return sites.map(
    (site, index) =>
      new SiteProbe(
        {
          siteNo: index + 1,
          scopeKey: site.scopeKey,
          declared: site.declared,
          seeds: site.seeds.map(({ sha, url, host, page, sitemap }) => ({
            url_sha: sha,
            url,
            host,
            site_no: index + 1,
            page,
            picture: false,
            sitemap,
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

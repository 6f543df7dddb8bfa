import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { RobotsResult } from '../crawl/batch.ts'
import { crawlDelaySeconds, productToken, type RobotsRules } from '../crawl/robots.ts'
import { mostPages, type SiteProbe } from './site-probe.ts'

/** What a probe says of one site. */
export interface SiteReport {
  site: string
  declared: string
  /** Null when the robots.txt was not asked. */
  robots: { verdict: RobotsResult['verdict']; delay_seconds: number | null } | null
  /** What kept the first page away, when no page could be read. */
  fault: string | null
  /** `asked`: sent or refused; `read`: HTML with a tree. */
  pages: { asked: number; read: number; known: number; reserved: number; need_javascript: number }
  refused: { reason: string; pages: number }[]
  opt_outs: { signal: string; value: string; where: string; agent: string | null; times: number; reserves: boolean }[]
  languages: { lang: string; pages: number }[]
  /** Distinct pictures that the read pages show. */
  pictures: { shown: number; with_text: number; mean_bytes: number | null }
  needs_javascript: boolean
  estimate: Estimate
}

export interface Estimate {
  pages: number
  /** True when nothing was left to ask for: the numbers of pages are counts. */
  exact: boolean
  pictures: number
  bytes: number
  /** At the waits of the spec and of the site, host by host side by side. */
  hours: number
}

/** Bytes of a picture where none could be fetched: the median of pictures on the web. */
const USUAL_PICTURE_BYTES = 50_000

/** The report of a site, of what the probe has in memory. */
export function reportSite(
  probe: SiteProbe,
  section: CrawlSection,
  robots: ReadonlyMap<string, RobotsResult>,
): SiteReport {
  const answer = robotsOf(probe, robots)
  const token = productToken(section.politeness.user_agent)
  const delay = answer?.rules ? crawlDelaySeconds(answer.rules as RobotsRules, token) : null
  const read = probe.pages.filter((page) => page.signs !== null)
  return {
    site: probe.scopeKey.slice(probe.scopeKey.indexOf(':') + 1),
    declared: probe.declared,
    robots: answer ? { verdict: answer.verdict, delay_seconds: delay } : null,
    fault: probe.pages.length === 0 ? probe.fault : null,
    pages: {
      asked: probe.asked,
      read: read.length,
      known: probe.known.size,
      reserved: probe.pages.filter((page) => page.reserved).length,
      need_javascript: probe.framePages,
    },
    refused: [...probe.refused].map(([reason, pages]) => ({ reason, pages })).sort(byName((one) => one.reason)),
    opt_outs: [...probe.signals.values()]
      .map(({ signal: { signal, value, where, agent }, pages: times, reserves }) => ({
        signal,
        value,
        where,
        agent,
        times,
        reserves,
      }))
      .sort(byName((one) => JSON.stringify(one))),
    languages: count(read.map((page) => page.lang)),
    pictures: {
      shown: probe.pictures.size,
      with_text: [...probe.pictures.values()].filter((picture) => picture.withText).length,
      mean_bytes: mean(probe.pictureBytes),
    },
    needs_javascript: probe.needsJavaScript,
    estimate: estimate(probe, section, (delay ?? 0) * 1000),
  }
}

/**
 * Pages: what is known when nothing is left to ask for; else each page not asked for leads to as many new ones as the
 * later half of the probed pages did (a series), within the budget of the spec. Pictures and bytes go by the means of
 * the probed pages; the same picture on many pages makes them too many. Hours: the host with the most requests, at the
 * largest of the spec's delay, robots' delay and the mean time of an answer.
 */
function estimate(probe: SiteProbe, section: CrawlSection, robotsDelayMs: number): Estimate {
  const { pages } = probe
  const hosts = new Set([...probe.known].map((url) => new URL(url).host)).size
  const unasked = probe.unasked
  const later = pages.slice(Math.floor(pages.length / 2))
  const growth = later.length === 0 ? 0 : later.reduce((sum, page) => sum + page.fresh, 0) / later.length
  const reached = pages.length === 0 ? 0 : growth >= 1 ? Infinity : pages.length + unasked / (1 - growth)
  const most = unasked === 0 ? pages.length : Math.min(mostPages(section, hosts), Math.round(reached))
  const perPage = pages.length === 0 ? 0 : probe.pictures.size / pages.length
  const pictures = unasked === 0 ? probe.pictures.size : Math.round(most * perPage)
  const pageBytes = mean(pages.map((page) => page.bytes)) ?? 0
  const pictureBytes = mean(probe.pictureBytes) ?? USUAL_PICTURE_BYTES
  const { delay_ms, per_host } = section.politeness
  const waitMs = Math.max(delay_ms, robotsDelayMs, (mean(pages.map((page) => page.ms)) ?? 0) / per_host)
  const requests = most + Math.round(pictures * ownShare(probe))
  return {
    pages: most,
    exact: unasked === 0,
    pictures,
    bytes: Math.round(most * pageBytes + pictures * pictureBytes),
    hours: Math.round((requests * waitMs) / 36) / 100_000,
  }
}

/** Share of a site's pictures on its own busiest host; other hosts are asked at the same time. */
function ownShare(probe: SiteProbe): number {
  const hosts = count([...probe.pictures.values()].map(({ found }) => found.host))
  const own = new Set([...probe.known].map((url) => new URL(url).host))
  const onOwn = hosts.filter(({ lang }) => own.has(lang)).reduce((sum, { pages }) => sum + pages, 0)
  return probe.pictures.size === 0 ? 0 : onOwn / probe.pictures.size
}

function robotsOf(probe: SiteProbe, robots: ReadonlyMap<string, RobotsResult>): RobotsResult | undefined {
  for (const url of probe.known) {
    const found = robots.get(new URL(url).origin)
    if (found) return found
  }
  return undefined
}

function count(values: readonly string[]): { lang: string; pages: number }[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .map(([lang, pages]) => ({ lang, pages }))
    .sort((a, b) => b.pages - a.pages || (a.lang < b.lang ? -1 : 1))
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length)
}

function byName<Item>(name: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0)
}

/** The sites together: sums, and the hours of the slowest, since hosts are crawled side by side. */
export function sumEstimates(sites: readonly SiteReport[]): Estimate {
  const sum = (of: (one: Estimate) => number) => sites.reduce((total, site) => total + of(site.estimate), 0)
  return {
    pages: sum((one) => one.pages),
    exact: sites.every((site) => site.estimate.exact),
    pictures: sum((one) => one.pictures),
    bytes: sum((one) => one.bytes),
    hours: Math.max(0, ...sites.map((site) => site.estimate.hours)),
  }
}

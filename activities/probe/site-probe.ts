import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FoundUrl, FrontierRow } from '../../schema/queries/frontier.ts'
import type { UrlResult } from '../crawl/batch.ts'
import { canonicalUrl } from '../crawl/canonical-url.ts'
import type { PageSigns } from './needs-javascript.ts'
import { needsJavaScript } from './needs-javascript.ts'

/** Pictures that are fetched of each site to learn how large they are. */
const SAMPLED_PICTURES = 5
/** Sitemaps read of each site. */
const MOST_SITEMAPS = 5
/** In-scope URLs remembered of a site: more says no more of its size. */
const MOST_URLS = 200_000

export interface ProbedPage {
  bytes: number
  ms: number
  lang: string
  reserved: boolean
  signs: PageSigns | null
  /** In-scope pages that no earlier page led to. */
  fresh: number
}

/** What a probe has found of one site, in memory alone. */
export class SiteProbe {
  readonly siteNo: number
  readonly scopeKey: string
  readonly declared: string
  readonly pages: ProbedPage[] = []
  /** Distinct pictures by URL: whether any reference to it has a native text, and its host. */
  readonly pictures = new Map<string, { withText: boolean; found: FoundUrl }>()
  readonly pictureBytes: number[] = []
  /** How often each reason kept a page away. */
  readonly refused = new Map<string, number>()
  readonly signals = new Map<string, { signal: OptOutSignal; pages: number; reserves: boolean }>()
  /** Distinct pages known, asked for or not. */
  readonly known = new Set<string>()
  asked = 0
  sitemaps = 0
  fault: string | null = null
  private readonly waiting: FrontierRow[] = []
  private readonly seen = new Set<string>()
  private sampled = 0
  private readonly pageBudget: number

  constructor(site: { siteNo: number; scopeKey: string; declared: string; seeds: FrontierRow[] }, pageBudget: number) {
    this.siteNo = site.siteNo
    this.scopeKey = site.scopeKey
    this.declared = site.declared
    this.pageBudget = pageBudget
    for (const seed of site.seeds) this.add(seed)
  }

  /** Pages that are known and were not asked for. */
  get unasked(): number {
    return this.waiting.filter((row) => row.page).length
  }

  /** The next URL to ask for, null when the probe of the site is over: sitemaps first, then pages by depth and digest. */
  next(): FrontierRow | null {
    const sitemap = this.waiting.findIndex((row) => row.sitemap)
    if (sitemap >= 0) return this.waiting.splice(sitemap, 1)[0] ?? null
    if (this.asked < this.pageBudget && this.waiting.length > 0) {
      let least = 0
      for (let at = 1; at < this.waiting.length; at += 1)
        if (comesBefore(this.waiting[at] as FrontierRow, this.waiting[least] as FrontierRow)) least = at
      this.asked += 1
      return this.waiting.splice(least, 1)[0] ?? null
    }
    return this.nextPicture()
  }

  /** Pictures with a text in the order of their digests, a few of them. */
  private nextPicture(): FrontierRow | null {
    if (this.sampled >= SAMPLED_PICTURES) return null
    const left = [...this.pictures.values()]
      .filter(({ withText, found }) => withText && !this.seen.has(`picture ${found.url}`))
      .sort((a, b) => Buffer.compare(a.found.sha, b.found.sha))
    const [first] = left
    if (!first) return null
    this.sampled += 1
    this.seen.add(`picture ${first.found.url}`)
    return { ...rowOf(first.found), site_no: this.siteNo, page: false, picture: true }
  }

  /** A page, sitemap or redirect that something led to; true when it is new. */
  add(row: FrontierRow): boolean {
    if (row.sitemap && this.sitemaps >= MOST_SITEMAPS) return false
    if (this.seen.has(row.url) || this.seen.size >= MOST_URLS) return false
    this.seen.add(row.url)
    if (row.sitemap) this.sitemaps += 1
    else if (row.redirects === 0) this.known.add(row.url)
    this.waiting.push(row)
    return true
  }

  refuse(reason: string, detail: string | null): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
    if (this.pages.length === 0 && detail !== null) this.fault = detail
  }

  /** Takes in what a page, sitemap or picture turned out to be. */
  take(row: FrontierRow, result: UrlResult, seen: Pick<ProbedPage, 'ms' | 'signs' | 'lang'>): void {
    let fresh = 0
    for (const found of result.found) {
      if (found.kind === 'picture') {
        if (!this.pictures.has(found.url)) this.pictures.set(found.url, { withText: false, found })
      } else if (found.siteNo === this.siteNo && this.add(rowOf(found))) fresh += 1
    }
    const { draft, outcome } = result
    if (draft) this.noteSignals(draft.capture.signals, row, draft.capture.reserved)
    if (row.picture) {
      if (draft?.capture.kind === 'picture') this.pictureBytes.push(draft.capture.bodyBytes)
      return
    }
    if (row.sitemap) return
    if (draft?.capture.kind !== 'page') {
      if ((draft?.capture.redirectSha ?? null) === null) this.refuse(outcome.reason ?? outcome.state, outcome.detail)
      return
    }
    if (draft.facts === null) {
      this.refuse(outcome.reason ?? outcome.state, 'its HTML could not be read')
      return
    }
    for (const candidate of draft.facts.extract.ok ? draft.facts.extract.candidates : []) {
      const url = canonicalUrl(candidate.image_url)
      const known = url.ok && candidate.texts.length > 0 ? this.pictures.get(url.url) : undefined
      if (known) known.withText = true
    }
    const { bodyBytes: bytes, reserved } = draft.capture
    this.pages.push({ bytes, reserved, fresh, ...seen })
  }

  private noteSignals(signals: readonly OptOutSignal[], row: FrontierRow, reserves: boolean): void {
    for (const signal of signals) {
      const key = JSON.stringify([signal.where, signal.signal, signal.value, signal.agent, row.picture])
      const known = this.signals.get(key) ?? { signal, pages: 0, reserves: false }
      this.signals.set(key, { ...known, pages: known.pages + 1, reserves: known.reserves || reserves })
    }
  }

  /** Most of the pages that could be read are frames that scripts fill. */
  get needsJavaScript(): boolean {
    const read = this.pages.filter((page) => page.signs !== null)
    return read.length > 0 && this.framePages * 2 >= read.length
  }

  get framePages(): number {
    return this.pages.filter((page) => page.signs !== null && needsJavaScript(page.signs)).length
  }
}

function comesBefore(a: FrontierRow, b: FrontierRow): boolean {
  return a.depth === b.depth ? Buffer.compare(a.url_sha, b.url_sha) < 0 : a.depth < b.depth
}

function rowOf(found: FoundUrl): FrontierRow {
  return {
    url_sha: found.sha,
    url: found.url,
    host: found.host,
    site_no: found.siteNo,
    page: found.kind === 'page',
    picture: found.kind === 'picture',
    sitemap: found.kind === 'sitemap',
    depth: found.depth,
    redirects: found.redirects,
    attempts: 0,
    seed: false,
    declared: null,
    first_tried: null,
  }
}

/** The page budget of a site of this section: what a crawl would admit at most. */
export function mostPages(section: CrawlSection, hosts: number): number {
  return section.scope === 'page' ? 1 : section.limits.pages_per_host * Math.max(1, hosts)
}

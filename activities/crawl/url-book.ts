import { sha256 } from '../digest.ts'
import { canonicalUrl, registrableDomain, type SeedScope, siteOf } from './canonical-url.ts'
import { shardOf } from './plan-crawl.ts'
import { withoutSessionId } from './session-id.ts'
import { branchOf } from './url-branch.ts'

/** A URL under its one name: what the frontier keeps it by. */
export interface PlacedUrl {
  url: string
  sha: Buffer
  host: string
  shard: number
}

/** A page that a link leads to, and the part of its host that it counts to. */
export interface PlacedLink extends PlacedUrl {
  branch: string
}

/** Entries of the younger half of each list; some 700 bytes each, so at most 12 MB a crawl and process. */
const HALF = 4_000

const ABSOLUTE = /^https?:\/\//i

/**
 * Names the URLs of one crawl. The menu of a site stands on each of its pages: what was named lately is remembered.
 * Bounded: the older half is forgotten as a whole, and what is forgotten is merely named once more.
 */
export class UrlBook {
  private readonly places: Recent<PlacedUrl | null>
  private readonly links: Recent<PlacedLink | null>
  private readonly sites: Recent<string>
  private readonly shards: number
  private readonly scope: SeedScope['scope']

  constructor({ shards, scope }: { shards: number; scope: SeedScope['scope'] }, half = HALF) {
    this.shards = shards
    this.scope = scope
    this.places = new Recent(half)
    this.links = new Recent(half)
    this.sites = new Recent(half)
  }

  /** Its canonical form, digest, politeness host and shard; null when it cannot be crawled. */
  place(text: string, base?: string): PlacedUrl | null {
    // A relative URL is another one on another page.
    return ABSOLUTE.test(text) ? this.places.get(text, () => this.name(text)) : this.name(text, base)
  }

  /** The page that a link leads to: its place without the id of a visit. */
  link(text: string, base: string): PlacedLink | null {
    return ABSOLUTE.test(text) ? this.links.get(text, () => this.nameLink(text)) : this.nameLink(text, base)
  }

  /** `siteOf` of a canonical URL: one of an origin's, unless each page is a site of its own. */
  siteOf(url: string): string {
    if (this.scope === 'page') return siteOf(url, this.scope)
    return this.sites.get(url.slice(0, url.indexOf('/', 'https://'.length)), () => siteOf(url, this.scope))
  }

  private name(text: string, base?: string): PlacedUrl | null {
    const canonical = canonicalUrl(text, base)
    if (!canonical.ok) return null
    const { url } = canonical
    const { host, hostname } = new URL(url)
    return { url, sha: sha256(url), host, shard: shardOf(registrableDomain(hostname), this.shards) }
  }

  private nameLink(text: string, base?: string): PlacedLink | null {
    const named = this.name(text, base)
    const placed = named && this.name(withoutSessionId(named.url))
    return placed && { ...placed, branch: branchOf(placed.url) }
  }
}

/** Remembers at least the last `half` values asked for, and at most twice as many. */
class Recent<T> {
  private young = new Map<string, T>()
  private old = new Map<string, T>()
  private readonly half: number

  constructor(half: number) {
    this.half = half
  }

  get(key: string, make: () => T): T {
    const found = this.young.get(key)
    if (found !== undefined) return found
    const value = this.old.get(key) ?? make()
    if (this.young.size >= this.half) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(key, value)
    return value
  }
}

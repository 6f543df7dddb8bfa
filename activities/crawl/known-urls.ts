import type { FoundUrl } from '../../schema/queries/frontier.ts'

/** Entries of the younger half; some 100 bytes each, so at most 20 MB a crawl and process. */
const HALF = 100_000

/**
 * What this process has seen committed of a crawl's frontier, so that the menu on every page of a site is not written
 * again with every page. Only a plain link at no lesser depth is left out: it would change nothing (`insertFound`).
 * Bounded: the older half is forgotten as a whole, and what is forgotten is merely written once more.
 */
export class KnownUrls {
  private young = new Map<string, number>()
  private old = new Map<string, number>()
  private readonly half: number

  constructor(half = HALF) {
    this.half = half
  }

  /** Those that may tell the frontier something. */
  unknown(found: readonly FoundUrl[]): FoundUrl[] {
    const here = new Map<string, number>()
    return found.filter((one) => {
      if (one.redirects > 0) return true
      const key = keyOf(one)
      const depth = Math.min(this.depthOf(key), here.get(key) ?? Infinity)
      if (depth <= one.depth) return false
      here.set(key, one.depth)
      return true
    })
  }

  /** Call when they are committed, never before: a rolled back insert told the frontier nothing. */
  committed(found: readonly FoundUrl[]): void {
    for (const one of found) {
      if (one.redirects > 0) continue
      const key = keyOf(one)
      this.young.set(key, Math.min(one.depth, this.depthOf(key)))
    }
    if (this.young.size < this.half) return
    this.old = this.young
    this.young = new Map()
  }

  private depthOf(key: string): number {
    return this.young.get(key) ?? this.old.get(key) ?? Infinity
  }
}

function keyOf({ sha, kind }: FoundUrl): string {
  return `${kind}${sha.toString('latin1')}`
}

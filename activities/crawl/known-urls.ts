import type { FoundUrl } from '../../schema/queries/frontier.ts'
import { DigestDepths } from './digest-depths.ts'

/** Entries of the younger half: 5 MB each half, a crawl and process. */
const HALF = 100_000

/**
 * What this process has seen committed of a crawl's frontier, so that the menu on every page of a site is not written
 * again with every page. Only a plain link at no lesser depth is left out: it would change nothing (`insertFound`).
 * Bounded: the older half is forgotten as a whole, and what is forgotten is merely written once more.
 */
export class KnownUrls {
  private young: DigestDepths
  private old: DigestDepths | null = null

  constructor(half = HALF) {
    this.young = new DigestDepths(half)
  }

  /** Those that may tell the frontier something. */
  unknown(found: readonly FoundUrl[]): FoundUrl[] {
    const here = new Map<string, number>()
    return found.filter((one) => {
      if (one.redirects > 0) return true
      if (this.depthOf(one) <= one.depth) return false
      const key = `${one.kind}${one.sha.toString('latin1')}`
      if ((here.get(key) ?? Infinity) <= one.depth) return false
      here.set(key, one.depth)
      return true
    })
  }

  /** Call when they are committed, never before: a rolled back insert told the frontier nothing. */
  committed(found: readonly FoundUrl[]): void {
    for (const one of found) {
      if (one.redirects > 0) continue
      const depth = Math.min(one.depth, this.depthOf(one))
      if (!this.young.set(one.sha, one.kind, depth)) {
        const emptied = this.old ?? new DigestDepths(this.young.most)
        emptied.clear()
        this.old = this.young
        this.young = emptied
        this.young.set(one.sha, one.kind, depth)
      }
    }
  }

  private depthOf({ sha, kind }: FoundUrl): number {
    return this.young.get(sha, kind) ?? this.old?.get(sha, kind) ?? Infinity
  }
}

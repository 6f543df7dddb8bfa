/** What decides which of several near pictures stays. */
export interface SurvivalTraits {
  /** Of the decoded, oriented picture. */
  width: number
  height: number
  /** The sample has a native text that was kept. */
  hasNativeText: boolean
  /** SHA-256 of the bytes as fetched, lowercase hex. */
  sha256: string
}

/**
 * Canonical order of survival: more pixels first, then those with native text, then the least digest. Total over
 * different pictures, and without a word about when or where they were found.
 */
export function compareForSurvival(a: SurvivalTraits, b: SurvivalTraits): number {
  return (
    b.width * b.height - a.width * a.height ||
    Number(b.hasNativeText) - Number(a.hasNativeText) ||
    (a.sha256 < b.sha256 ? -1 : Number(a.sha256 > b.sha256))
  )
}

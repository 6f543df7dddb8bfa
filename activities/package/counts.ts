import type { LanguageCounts } from '../../schema/contracts/release-manifest.ts'
import type { ReleaseRow } from '../../schema/contracts/release-row.ts'

/** Rows counted per language, subset and split. */
export class Counts {
  readonly #counts = new Map<string, LanguageCounts>()

  add({
    lang,
    split,
    in_know,
    in_ling,
    in_thick,
  }: Pick<ReleaseRow, 'lang' | 'split' | 'in_know' | 'in_ling' | 'in_thick'>): void {
    let counts = this.#counts.get(lang)
    if (!counts) this.#counts.set(lang, (counts = { rows: 0, know: 0, ling: 0, thick: 0, splits: {} }))
    counts.rows++
    if (in_know) counts.know++
    if (in_ling) counts.ling++
    if (in_thick) counts.thick++
    counts.splits[split] = (counts.splits[split] ?? 0) + 1
  }

  all(): Record<string, LanguageCounts> {
    return sortCounts(Object.fromEntries(this.#counts))
  }
}

/** The same counts with languages and splits sorted by code units: the one order in which they are shown. */
export function sortCounts(counts: Record<string, LanguageCounts>): Record<string, LanguageCounts> {
  const sorted = Object.entries(counts).map(([lang, each]): [string, LanguageCounts] => [
    lang,
    { ...each, splits: byName(Object.entries(each.splits)) },
  ])
  return byName(sorted)
}

function byName<V>(entries: [string, V][]): Record<string, V> {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

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

  /** Languages and splits sorted by code units. */
  all(): Record<string, LanguageCounts> {
    const sorted = <V>(entries: Iterable<[string, V]>) =>
      Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
    return sorted(
      [...this.#counts].map(([lang, each]) => [lang, { ...each, splits: sorted(Object.entries(each.splits)) }]),
    )
  }
}

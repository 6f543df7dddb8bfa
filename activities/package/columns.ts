/**
 * The columns of every Parquet file of a release, in the order in which they stand on disk.
 * The writer, the verifier, the card and the Croissant file all read this one list.
 */
export type Scalar = 'string' | 'bool' | 'int32' | 'double'

export type Column =
  | { name: string; kind: Scalar }
  | { name: string; kind: 'image' }
  | { name: string; kind: 'struct'; fields: Field[] }
  | { name: string; kind: 'list'; fields: Field[] }

export interface Field {
  name: string
  kind: Scalar
}

const strings = (...names: string[]): Field[] => names.map((name) => ({ name, kind: 'string' }))
const bools = (...names: string[]): Field[] => names.map((name) => ({ name, kind: 'bool' }))

/**
 * Columns of `data/<lang>/<split>-NNNNN-of-NNNNN.parquet`. The names of the scores are a function of the spec;
 * they stand sorted by code units, so the order in which a spec lists its limits does not show.
 */
export function releaseColumns(scoreNames: readonly string[]): Column[] {
  const scores = [...scoreNames].sort((a, b) => (a < b ? -1 : 1))
  return [
    ...strings('key', 'leaf'),
    { name: 'image', kind: 'image' },
    ...strings('lang', 'script', 'split'),
    ...bools('in_know', 'in_ling', 'in_thick'),
    ...strings('alt_text', 'alt_source', 'alt_type'),
    { name: 'alt_others', kind: 'list', fields: strings('text', 'source', 'page_url') },
    { name: 'context', kind: 'struct', fields: strings('title', 'heading', 'before', 'after') },
    ...strings('caption_pivot', 'caption_ling', 'caption_thick'),
    ...strings('page_url', 'image_url', 'licence', 'rights'),
    ...strings('fetched_sha256', 'image_sha256', 'pdq'),
    { name: 'width', kind: 'int32' },
    { name: 'height', kind: 'int32' },
    { name: 'scores', kind: 'struct', fields: scores.map((name) => ({ name, kind: 'double' })) },
  ]
}

/** Columns of `lineage/<lang>/part-NNNNN.parquet`. */
export function lineageColumns(): Column[] {
  return strings('key', 'page_capture', 'image_capture', 'fetched_at', 'detail')
}

/** Columns of `removals.parquet`. */
export function removalColumns(): Column[] {
  return strings('key', 'removed_in', 'reason')
}

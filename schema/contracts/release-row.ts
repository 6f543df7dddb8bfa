/** One row of `data/<lang>/<split>-NNNNN-of-NNNNN.parquet`. Every column is always there, absent is null. */
export interface ReleaseRow {
  /** HMAC-SHA256 under the dataset's key over tag and picture digest, lowercase hex. */
  key: string
  leaf: string
  image: { bytes: Uint8Array | null; path: string | null } | null
  lang: string
  script: string
  split: string
  in_know: boolean
  in_ling: boolean
  in_thick: boolean
  alt_text: string | null
  alt_source: string | null
  alt_type: string | null
  alt_others: { text: string; source: string; page_url: string }[]
  context: { title: string | null; heading: string | null; before: string | null; after: string | null }
  caption_pivot: string | null
  caption_ling: string | null
  caption_thick: string | null
  page_url: string | null
  image_url: string | null
  licence: string | null
  rights: string
  fetched_sha256: string
  image_sha256: string
  pdq: string | null
  width: number
  height: number
  /** Every score that a limit of the spec reads; the set of names is a function of the spec. */
  scores: Record<string, number | null>
}

/** One row of `lineage/<lang>/part-NNNNN.parquet`; `detail` is canonical JSON of a LineageDetail. */
export interface LineageRow {
  key: string
  page_capture: string
  image_capture: string
  fetched_at: string
  detail: string
}

export interface ReleaseFile {
  /** Relative path with forward slashes. */
  path: string
  sha256: string
  bytes: number
  rows: number | null
}

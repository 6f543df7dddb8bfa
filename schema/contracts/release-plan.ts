/** What a release pins at launch; stored with it, never changed. */
export interface ReleasePlanRecord {
  /** sha256 of the resolved spec as stored, lowercase hex. */
  spec: string
  /** Frozen crawls in source rank order. */
  crawls: { id: string; crawl_no: number; digest: string }[]
  definitions: Record<string, { def_id: number; sha: string; rev: number }>
  /** Public fingerprint of the dataset's secret key. */
  dataset_key: string
  /** sha256 over the known-abuse lists in force, null when none is set. */
  abuse_lists: string | null
  platform: string
}

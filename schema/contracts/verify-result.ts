/** One thing that was looked at; `ok` when no difference was found. */
export interface VerifyCheck {
  name:
    | 'manifest'
    | 'signature'
    | 'files'
    | 'rows'
    | 'tree'
    | 'counts'
    | 'lineage'
    | 'removals'
    | 'spec'
    | 'card'
    | 'croissant'
    | 'statistics'
  ok: boolean
  /** What was found, for people. */
  detail: string
}

export interface VerifyDifference {
  check: VerifyCheck['name']
  /** File of the release, null when it is not about one. */
  path: string | null
  message: string
}

/** Result of `release verify`: ok exactly when there is no difference. */
export interface VerifyResult {
  ok: boolean
  checks: VerifyCheck[]
  /** At most 20 for each check; the check's detail has their number. */
  differences: VerifyDifference[]
}

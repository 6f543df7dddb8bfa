/** A line of a site's log: one request and what was sent for it. */
export interface ServedLine {
  /** Epoch milliseconds when the answer began. */
  at: number
  /** With its port. */
  host: string
  method: string
  path: string
  status: number
  /** `robots`, `tdmrep`, `redirect`, `page`, `picture`, `sitemap`, `other`, or the status of what is none of them. */
  kind: string
  /** Lowercase hex, of the whole body before any coding. */
  sha: string
  /** The whole answer was handed to the connection. */
  whole: boolean
}

/** What the crawl coordinator is told to do next. */
export type CrawlRound =
  | { kind: 'cancelled' | 'paused' | 'finished' }
  /** `shards` have a URL due now; `waitMs` is the time until a further one has (0 when none waits). */
  | { kind: 'work'; shards: number[]; waitMs: number }

export interface CrawlShardResult {
  outcome: 'idle' | 'waiting' | 'budget' | 'paused' | 'busy'
  committed: number
}

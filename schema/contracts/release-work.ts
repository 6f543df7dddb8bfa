/** Task queues of one release or crawl: io, cpu and model carry the revisions that their workers implement. */
export interface Queues {
  io: string
  cpu: string
  model: string
}

/** Phases of a release that run over numbered shards, and the activities that each shard goes through, in order. */
export const PHASES = {
  pages: ['extractShard'],
  pictures: ['normaliseShard', 'classifyShard'],
  candidates: ['judgeCandidatesShard'],
  samples: ['judgeSamplesShard'],
  generate: ['captionShard', 'translateShard', 'thickShard'],
  rows: ['buildRowsShard'],
} as const
export type Phase = keyof typeof PHASES

export interface ShardInput {
  releaseNo: number
  run: string
  shard: number
}

/** What is left of a shard: an activity stops before its time is up and is called again. */
export interface ShardResult {
  outcome: 'done' | 'more' | 'paused'
}

export interface RunInput {
  releaseNo: number
  run: string
}

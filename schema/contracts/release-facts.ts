import type {
  FunnelEntry,
  LanguageCounts,
  MerkleHead,
  ReleaseInput,
  ReleaseStep,
  ReleaseTool,
} from './release-manifest.ts'
import type { ReleaseSpec } from './spec.ts'

/** All that card, Croissant file, statistics and manifest are generated from, besides the list of files. */
export interface ReleaseFacts {
  spec: ReleaseSpec
  /** Public fingerprint of the dataset key. */
  datasetKey: string
  tree: MerkleHead
  counts: Record<string, LanguageCounts>
  /** Names in the `scores` column. */
  scoreNames: string[]
  inputs: ReleaseInput[]
  /** In the order of the pipeline. */
  steps: ReleaseStep[]
  tools: ReleaseTool[]
  /** In the order of the pipeline, then by tag. */
  funnel: FunnelEntry[]
  /** Rows of `removals.parquet`. */
  removals: number
}

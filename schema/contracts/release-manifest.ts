import type { ReleaseFile } from './release-row.ts'

/** One thing that a release is a function of, by digest. */
export interface ReleaseInput {
  kind: 'crawl' | 'base' | 'abuse_list' | 'decontamination_list' | 'takedown_list' | 'generations'
  /** What people call it: a crawl's id, `dataset@version`, a list's label. Never a path. */
  name: string
  sha256: string
}

/** A step as it was pinned at launch. */
export interface ReleaseStep {
  step: string
  kind: 'fact' | 'survey' | 'judgement' | 'generation' | 'packaging'
  rev: number
  /** Identity of the definition. */
  sha256: string
  /** What the step does, in one sentence for the card. */
  summary: string
  /** Config and tools as they entered the definition. */
  definition: Record<string, unknown>
}

/** A tool that can change an output byte. */
export interface ReleaseTool {
  kind: 'code' | 'runtime' | 'encoder' | 'detector' | 'model' | 'prompt' | 'service'
  name: string
  version: string
  sha256: string | null
}

export interface LanguageCounts {
  rows: number
  know: number
  ling: number
  thick: number
  /** Split -> rows. */
  splits: Record<string, number>
}

/** `manifest.json`: everything a release is made of and from. No clock: `date` is the spec's. */
export interface ReleaseManifest {
  format: 'mella-release/1'
  dataset: string
  version: string
  date: string
  base: string | null
  /** Levels that this release was made to pass: `v0` files match, from the folder alone. */
  claims: { verify: 'v0'[] }
  tree: MerkleHead
  /** SHA-256 of the canonical JSON of `spec.yaml`. */
  spec: { sha256: string }
  /** Public fingerprint of the secret key that makes sample keys. */
  dataset_key: string
  inputs: ReleaseInput[]
  steps: ReleaseStep[]
  tools: ReleaseTool[]
  counts: Record<string, LanguageCounts>
  /** Names in the `scores` column. */
  scores: string[]
  removals: number
  /** All files but `manifest.json` and `manifest.sig`, sorted by path. */
  files: ReleaseFile[]
  /** Name and verifier key of who signs. */
  signer: { name: string; vkey: string }
}

export interface MerkleHead {
  alg: 'rfc6962-sha256'
  size: number
  /** Lowercase hex. */
  root: string
}

/** One step's count for one language tag; `*` before a tag is known. `in` = `kept` + all reasons. */
export interface FunnelEntry {
  step: string
  /** What is counted: pages, pictures, candidates, texts, samples, generations. */
  unit: string
  lang: string
  in: number
  kept: number
  reasons: Record<string, number>
}

/** One row of `removals.parquet`. */
export interface RemovalRow {
  key: string
  removed_in: string
  reason: string
}

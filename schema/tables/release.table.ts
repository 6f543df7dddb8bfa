import type { ColumnType, Generated } from 'kysely'

type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>
type Json<T> = ColumnType<T, string, string>

export interface DefinitionTable {
  def_id: Generated<number>
  sha: Buffer
  step: string
  rev: number
  body: Json<unknown>
  commit_id: string | null
  created_at: Timestamp
}

export interface FactTable {
  def_id: number
  input: Buffer
  value: Json<unknown>
  first_run: string
}

export interface SurveyTable {
  def_id: number
  input: Buffer
  artifact: Buffer
  entries: string
  first_run: string
}

export interface GenerationTable {
  request_sha: Buffer
  def_id: number
  response_sha: Buffer
  tokens_in: number
  tokens_out: number
  first_run: string
  created_at: Timestamp
}

export interface ReleaseTable {
  release_no: Generated<number>
  id: string
  dataset: string
  version: string
  spec: Json<unknown>
  plan: Json<unknown>
  created_at: Timestamp
}

export type ReleaseStateName = 'running' | 'paused' | 'done' | 'cancelled' | 'failed'

export interface ReleaseStateTable {
  release_no: number
  state: ReleaseStateName
  run: string
  phase: string | null
  paused: boolean
  note: string | null
  note_code: string | null
  updated_at: Timestamp
}

export interface ReleaseRunTable {
  run: Generated<string>
  release_no: number
  again: boolean
  shard_size: number
  started_at: Timestamp
}

export interface RunPageTable {
  run: string
  page_no: number
  capture_id: string
}

export interface RunPictureTable {
  run: string
  picture_no: number
  picture: Buffer
  reserved: boolean
}

export interface CandidateTable {
  run: string
  page_no: number
  position: number
  image_url_sha: Buffer
  picture: Buffer | null
  capture_id: string | null
  fetch_reason: string | null
  host: string
  text_shas: Buffer[]
}

export interface CandidateVerdictTable {
  run: string
  page_no: number
  position: number
  tag: string
  script: string
  picture: Buffer | null
  reason: string | null
  rules: string[]
  kept_text: number | null
  texts: Json<unknown>
}

export interface SampleTable {
  run: string
  sample_no: number
  key: Buffer
  tag: string
  script: string
  picture: Buffer
  page_no: number
  position: number
  alt_sha: Buffer | null
  host: string
}

export type VerdictStage = 'judge' | 'near' | 'preselect' | 'select'

export interface SampleVerdictTable {
  run: string
  sample_no: number
  stage: VerdictStage
  reason: string | null
  rules: Json<unknown>
}

export type GenerationTask = 'caption' | 'translate' | 'thick'

export interface SampleGenerationTable {
  run: string
  sample_no: number
  task: GenerationTask
  requests: Buffer[]
  reason: string | null
  scores: Json<Record<string, number>>
  outcome: Buffer
}

export interface MemberTable {
  run: string
  sample_no: number
  split: string
  leaf: Buffer
  row_sha: Buffer
}

export interface KeptTable {
  run: string
  kept_no: number
  sample_no: number
}

export interface RowArtifactTable {
  run: string
  shard: number
  sha: Buffer
  rows: number
  first_key: Buffer
  last_key: Buffer
}

export interface FilePlanTable {
  run: string
  artifact: Buffer
}

export interface TextFrequencyTable {
  run: string
  host: string
  text_sha: Buffer
  uses: number
  pages: number
  pictures: number
}

export interface HostFrequencyTable {
  run: string
  host: string
  pages: number
}

export interface HostLanguageTable {
  run: string
  host: string
  lang: string
  letters: string
}

export interface ComponentTable {
  run: string
  picture: Buffer
  least: Buffer
}

export interface JudgementTable {
  def_id: number
  input: Buffer
  output: Buffer
  first_run: string
}

export interface ReleaseFileTable {
  run: string
  path: string
  sha: Buffer
  bytes: string
  rows: number | null
}

export interface ReleaseEndTable {
  run: string
  root: Buffer
  size: string
  manifest_sha: Buffer
  ended_at: Timestamp
}

export interface RecomputeDifferenceTable {
  run: string
  def_id: number
  input: Buffer
  stored_sha: Buffer
  computed_sha: Buffer
}

export interface VersionLabelTable {
  dataset: string
  version: string
  release_no: number
}

export interface InFlightTable {
  run: string
  step: string
  first_no: number
  last_no: number
  tries: number
  worker: string
  since: Timestamp
}

export interface ShardDoneTable {
  run: string
  step: string
  shard: number
  inputs: number
  computed: number
}

export interface RunSurveyTable {
  run: string
  step: string
  artifact: Buffer
}

export interface GeneratedTextTable {
  run: string
  sample_no: number
  task: GenerationTask
  text: string
  detail: Json<unknown>
}

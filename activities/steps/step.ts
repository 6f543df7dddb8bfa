import { digestJson } from '../digest.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'

/** What may depend on what; see the design's "Steps are of five kinds". */
export type StepKind = 'fact' | 'survey' | 'judgement' | 'generation' | 'packaging'

/** Versions and digests of the tools that can change an output byte, as the adapters report them. */
export interface ToolVersions {
  node: string
  icu: string
  unicode: string
  html: string
  detectors: Record<string, string>
  images: Record<string, string>
  classifier: Record<string, string>
  parquet: Record<string, string>
  /** sha256 over the known-abuse lists in force, lowercase hex; null when none is set. */
  abuseLists: string | null
  /** Prompt id -> sha256 of its text, lowercase hex. */
  prompts: Record<string, string>
}

/** One step of the pipeline: enough to give its results an identity. What it does stands in its folder. */
export interface Step {
  readonly name: string
  /** What it does, in one sentence for the release's card. */
  readonly summary: string
  readonly kind: StepKind
  /** What it runs over. */
  readonly over: 'page' | 'picture' | 'text' | 'candidate' | 'sample' | 'release'
  /** Raised by whoever changes the step's results; golden tests fail when results change and this does not. */
  readonly rev: number
  /** Facts with raw texts or URLs go to the erasable table. */
  readonly holds?: 'text'
  /** The part of the spec that the step reads. */
  config(spec: ReleaseSpec): unknown
  tools(tools: ToolVersions): unknown
}

export interface Definition {
  step: string
  kind: StepKind
  rev: number
  /** sha256 of `body` in canonical JSON, lowercase hex. */
  sha: string
  body: { step: string; rev: number; config: unknown; tools: unknown }
}

/** The identity of a step under a spec and a set of tools: same body, same results. */
export function defineStep(step: Step, spec: ReleaseSpec, tools: ToolVersions): Definition {
  const body = { step: step.name, rev: step.rev, config: step.config(spec), tools: step.tools(tools) }
  return { step: step.name, kind: step.kind, rev: step.rev, sha: digestJson(body).toString('hex'), body }
}

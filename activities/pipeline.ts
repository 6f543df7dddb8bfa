import { EXTRACT_REV } from './extract/extract-page.ts'
import { GENERATION_REV } from './generate/run-generation.ts'
import { SAFETY_REV } from './safety/classify-picture.ts'
import { NORMALISE_REV } from './normalise/normalise-picture.ts'
import { PAGE_LANGUAGE_REV } from './page-language/page-language.ts'
import { TEXT_REV } from './text/describe-text.ts'
import type { ReleaseSpec } from '../schema/contracts/spec.ts'
import { type Definition, defineStep, type Step, type ToolVersions } from './steps/step.ts'

const ALL_CALLS = ['caption', 'translate', 'thick'] as const

/** A model call without the settings that may stand in it, per language that overrides it. */
function callConfig(spec: ReleaseSpec, task: (typeof ALL_CALLS)[number]): unknown {
  const bare = (call: object | null | undefined) => (call ? { ...call, base_url: undefined } : (call ?? null))
  const overrides = Object.entries(spec.overrides).flatMap(([tag, one]) =>
    task in one ? [[tag, bare(one[task])] as const] : [],
  )
  return JSON.parse(JSON.stringify({ call: bare(spec[task]), overrides: Object.fromEntries(overrides) }))
}

/** Base languages whose scores a text's description keeps: those of the spec and those it contrasts with. */
export function textLanguages(spec: ReleaseSpec): string[] {
  const contrasts = [
    spec.filters,
    ...Object.values(spec.overrides).flatMap((one) => (one.filters ? [one.filters] : [])),
  ].flatMap((one) => one.language?.contrast ?? [])
  return [...new Set([...spec.languages, ...contrasts].map((tag) => tag.split('-')[0] ?? tag))].sort()
}

function filterConfig(spec: ReleaseSpec): unknown {
  const overrides = Object.entries(spec.overrides).flatMap(([tag, one]) =>
    one.filters ? [[tag, one.filters] as const] : [],
  )
  return JSON.parse(JSON.stringify({ filters: spec.filters, overrides: Object.fromEntries(overrides) }))
}

/**
 * The pipeline: every step that has results, in order. To add one: a folder that does it, a line here, a test.
 * `config` is the part of the spec that the step reads, so that nothing else redoes it.
 */
export const PIPELINE = [
  {
    name: 'extract',
    summary: 'Pages become candidates: picture references with all their texts.',
    kind: 'fact',
    over: 'page',
    rev: EXTRACT_REV,
    holds: 'text',
    config: () => null,
    tools: (t) => ({ html: t.html, unicode: t.unicode }),
  },
  {
    name: 'page-language',
    summary: 'Language detectors read the whole text of each page.',
    kind: 'fact',
    over: 'page',
    rev: PAGE_LANGUAGE_REV,
    config: () => null,
    tools: (t) => ({ ...t.detectors, html: t.html, unicode: t.unicode }),
  },
  {
    name: 'text',
    summary: 'Each native text is repaired and described: type, script, languages, personal data.',
    kind: 'fact',
    over: 'text',
    rev: TEXT_REV,
    holds: 'text',
    config: (spec) => textLanguages(spec),
    tools: (t) => ({ ...t.detectors, unicode: t.unicode, icu: t.icu }),
  },
  {
    name: 'normalise',
    summary:
      'Each picture is decoded once, oriented, flattened, measured, hashed, resized and encoded anew without metadata.',
    kind: 'fact',
    over: 'picture',
    rev: NORMALISE_REV,
    config: ({ image }) => ({
      format: image.format,
      quality: image.quality,
      background: image.background,
      max_side: image.max_side,
    }),
    tools: (t) => t.images,
  },
  {
    name: 'safety',
    summary: 'An NSFW classifier scores each normalised picture.',
    kind: 'fact',
    over: 'picture',
    rev: SAFETY_REV,
    config: () => null,
    tools: (t) => t.classifier,
  },
  {
    name: 'known-abuse',
    summary: "Pictures are asked of the operator's hash lists.",
    kind: 'fact',
    over: 'picture',
    rev: 1,
    config: () => null,
    tools: (t) => ({ lists: t.abuseLists }),
  },
  {
    name: 'frequency',
    summary: 'Texts are counted per host over all candidates.',
    kind: 'survey',
    over: 'release',
    rev: 1,
    config: () => null,
    tools: () => null,
  },
  {
    name: 'duplicates',
    summary: 'All pairs of near pictures are found exactly by perceptual hash.',
    kind: 'survey',
    over: 'release',
    rev: 1,
    config: () => null,
    tools: () => null,
  },
  {
    name: 'judge-candidates',
    summary: 'Decorative pictures and boilerplate are dropped, the language of each text is decided.',
    kind: 'judgement',
    over: 'candidate',
    rev: 2,
    config: (spec) => ({ languages: spec.languages, filters: filterConfig(spec) }),
    tools: (t) => ({ icu: t.icu, unicode: t.unicode }),
  },
  {
    name: 'judge-samples',
    summary: 'Limits of size, safety, rights and opt-outs are applied.',
    kind: 'judgement',
    over: 'sample',
    rev: 2,
    config: (spec) => ({
      image: { min_side: spec.image.min_side, max_ratio: spec.image.max_ratio, min_bytes: spec.image.min_bytes },
      filters: filterConfig(spec),
    }),
    tools: () => null,
  },
  {
    name: 'preselect',
    summary: 'One of near pictures survives per language; quotas and targets are applied before models are called.',
    kind: 'judgement',
    over: 'release',
    rev: 1,
    config: (spec) => ({ filters: filterConfig(spec), select: spec.select }),
    tools: () => null,
  },
  {
    name: 'caption',
    summary: 'A vision model describes each picture in the pivot language.',
    kind: 'generation',
    over: 'sample',
    rev: GENERATION_REV,
    config: (spec) => callConfig(spec, 'caption'),
    tools: (t) => promptTools(t, 'caption/'),
  },
  {
    name: 'translate',
    summary: "Captions are translated into the sample's language and checked.",
    kind: 'generation',
    over: 'sample',
    rev: GENERATION_REV,
    config: (spec) => callConfig(spec, 'translate'),
    tools: (t) => ({ ...promptTools(t, 'translate/'), ...t.detectors, icu: t.icu }),
  },
  {
    name: 'thick',
    summary: 'A model joins native text and description; what no evidence holds is taken out.',
    kind: 'generation',
    over: 'sample',
    rev: GENERATION_REV,
    config: (spec) => callConfig(spec, 'thick'),
    tools: (t) => ({ ...promptTools(t, 'thick/'), ...t.detectors, icu: t.icu }),
  },
  {
    name: 'select',
    summary: 'Samples without any text are dropped and targets are met from the reserve.',
    kind: 'judgement',
    over: 'release',
    rev: 1,
    config: (spec) => spec.select,
    tools: () => null,
  },
  {
    name: 'package',
    summary: 'Rows are written to Parquet files and bound by a Merkle tree.',
    kind: 'packaging',
    over: 'release',
    rev: 1,
    config: (spec) => ({ package: spec.package, card: spec.card, date: spec.date }),
    tools: (t) => t.parquet,
  },
] as const satisfies readonly Step[]

export type StepName = (typeof PIPELINE)[number]['name']
export type Definitions = Record<StepName, Definition>

/** Every step's identity under this spec with these tools. */
export function definePipeline(spec: ReleaseSpec, tools: ToolVersions): Definitions {
  return Object.fromEntries(PIPELINE.map((step: Step) => [step.name, defineStep(step, spec, tools)])) as Definitions
}

/** Steps that a worker of this code implements, by revision: what task queues are named for. */
export function revisions(): Record<string, number> {
  return Object.fromEntries(PIPELINE.map((step: Step) => [step.name, step.rev]))
}

function promptTools(tools: ToolVersions, prefix: string): Record<string, string> {
  return Object.fromEntries(Object.entries(tools.prompts).filter(([id]) => id.startsWith(prefix)))
}

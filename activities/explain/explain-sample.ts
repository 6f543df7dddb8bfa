import type { ChoiceLimits, ChoicePlaces } from '../../schema/queries/choose-samples.ts'
import { judgeSample, type SampleFacts, type SampleLimits } from '../judge-samples/judge-sample.ts'
import { pictureLines, type RuleLine, ruleLine } from './rule-line.ts'

/** A stored verdict of one stage. */
export interface StoredVerdict {
  stage: string
  reason: string | null
  rules: { rule: string; what: string; value: number | string | boolean | null; limit: number | null; of?: string }[]
}

export interface SampleQuestion {
  facts: SampleFacts
  limits: SampleLimits
  /** Bits within which pictures of one language are one. */
  nearLimit: number
  choice: ChoiceLimits & { target: number | null }
  places: ChoicePlaces
  stored: readonly StoredVerdict[]
}

/**
 * Every rule on a sample in the order of stages; those behind the stage that dropped it were not asked and are left
 * out. Picture rules are judged anew from the facts; near pictures are a verdict over many samples and are read.
 */
export function explainSample(question: SampleQuestion): RuleLine[] {
  const judged = pictureLines(judgeSample(question.facts, question.limits))
  if (judged.some((line) => !line.pass)) return judged
  const near = nearLine(question)
  if (!near.pass) return [...judged, near]
  const preselected = preselectLines(question)
  if (preselected.some((line) => !line.pass)) return [...judged, near, ...preselected]
  return [...judged, near, ...preselected, ...selectLines(question)]
}

function nearLine({ stored, nearLimit }: SampleQuestion): RuleLine {
  const rule = stored.find(({ stage }) => stage === 'near')?.rules[0]
  return ruleLine({
    stage: 'near',
    rule: 'near_duplicate',
    what: 'near_image.pdq',
    value: rule?.value ?? null,
    limit: nearLimit,
    pass: rule === undefined,
    ...(rule?.of === undefined ? {} : { of: rule.of }),
  })
}

/** Place and cap of each choice, as far as the sample came. */
function preselectLines({ choice, places }: SampleQuestion): RuleLine[] {
  const line = (rule: string, what: string, place: number | null, cap: number | null): RuleLine =>
    ruleLine({
      stage: 'preselect',
      rule,
      what,
      value: place,
      limit: cap,
      pass: place === null || cap === null || place <= cap,
    })
  return [
    line('same_text', 'max_same_text', places.text_place, choice.max_same_text),
    ...(places.host_cap === null ? [] : [line('host_quota', 'max_per_host', places.host_place, places.host_cap)]),
    ...(places.target_place === null ? [] : [line('over_target', 'target', places.target_place, choice.wanted)]),
  ]
}

function selectLines({ stored, choice, places }: SampleQuestion): RuleLine[] {
  const verdict = stored.find(({ stage }) => stage === 'select')
  if (!verdict) return []
  const noText = verdict.reason === 'no_text'
  const text = ruleLine({
    stage: 'select',
    rule: 'no_text',
    what: 'has a text',
    value: !noText,
    limit: true,
    pass: !noText,
  })
  if (noText) return [text]
  const place = places.final_place
  const pass = place === null || choice.target === null || place <= choice.target
  return [
    text,
    ruleLine({ stage: 'select', rule: 'not_reached', what: 'target', value: place, limit: choice.target, pass }),
  ]
}

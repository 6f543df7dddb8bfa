import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import { SAMPLE_REASONS, type SampleReason } from '../../schema/contracts/reasons.ts'
import type { FilterSection, ImageSection } from '../../schema/contracts/spec.ts'
import { forbidsMining } from '../crawl/opt-out-verdict.ts'

export interface SampleFacts {
  normalise: NormaliseFact
  /** Null when the picture could not be normalised, or the spec has it not classified. */
  safety: SafetyFact | null
  reserved: boolean
  abuseList: string | null
}

export interface SampleLimits {
  image: Pick<ImageSection, 'min_side' | 'max_ratio' | 'min_bytes'>
  nsfw: FilterSection['nsfw']
  /** Whether the release's crawls honour reservations of data mining (`tdm`), and so what stands in the picture itself. */
  heedsMining: boolean
}

/** One rule on one sample: what was read, what the spec allows. `fired` drops the sample. */
export interface RuleResult {
  rule: SampleReason
  /** What the rule looked at, such as `min_side`. */
  what: string
  value: number | string | boolean | null
  limit: number | string | boolean | null
  fired: boolean
}

/**
 * Every rule on one picture's facts, in the order of the reasons. A judgement: opens nothing, so that "what if" costs
 * nothing. Sizes are those of the picture as fetched, after orientation (ALIGN, LAION: limits on the original).
 */
export function judgeSample(facts: SampleFacts, limits: SampleLimits): RuleResult[] {
  const { normalise, safety } = facts
  const results: RuleResult[] = [
    { rule: 'opted_out', what: 'reserved', value: facts.reserved, limit: false, fired: facts.reserved },
    { rule: 'known_abuse', what: 'known_abuse', value: facts.abuseList, limit: null, fired: facts.abuseList !== null },
  ]
  // The crawl keeps no picture in which it finds this; a decoder may find it where the crawl did not look.
  const mining = normalise.ok ? normalise.data_mining : null
  if (limits.heedsMining && mining !== null)
    results.push({ rule: 'opted_out', what: 'data_mining', value: mining, limit: null, fired: forbidsMining(mining) })
  if (!normalise.ok)
    results.push({ rule: normalise.reason, what: 'decode', value: normalise.reason, limit: null, fired: true })
  else {
    const short = Math.min(normalise.width, normalise.height)
    const ratio = round4(Math.max(normalise.width, normalise.height) / short)
    results.push(atLeast('too_small', 'min_side', short, limits.image.min_side))
    results.push(atMost('ratio', 'max_ratio', ratio, limits.image.max_ratio))
    results.push(atLeast('too_few_bytes', 'min_bytes', normalise.bytes, limits.image.min_bytes))
  }
  const { nsfw } = limits
  if (safety && nsfw)
    for (const what of ['porn', 'hentai', 'sexy'] as const)
      results.push(atMost('nsfw', `nsfw.${what}`, safety[what], nsfw[what]))
  return results.sort((a, b) => SAMPLE_REASONS.indexOf(a.rule) - SAMPLE_REASONS.indexOf(b.rule))
}

function atLeast(rule: SampleReason, what: string, value: number, limit: number): RuleResult {
  return { rule, what, value, limit, fired: value < limit }
}

function atMost(rule: SampleReason, what: string, value: number, limit: number): RuleResult {
  return { rule, what, value, limit, fired: value > limit }
}

/** Doubles are rounded to 4 decimals before anything compares or stores them. */
export function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000
}

import type { RuleResult } from '../judge-samples/judge-sample.ts'

export type RuleValue = number | string | boolean | null

/** One thing that a rule read: its value, what the spec allows, whether that lets the subject pass. */
export interface RuleLine {
  stage: 'fetch' | 'candidate' | 'text' | 'judge' | 'near' | 'preselect' | 'select'
  rule: string
  /** What was looked at, named as in the spec where it is a limit of the spec. */
  what: string
  value: RuleValue
  limit: RuleValue
  pass: boolean
  /**
   * How far value and limit are apart, in the unit of both; negative on the side that drops, null when they are no
   * numbers. A rule of several lines drops when all of them are on that side.
   */
  margin: number | null
  /** The picture (sha256 as fetched) that was kept in place of this one. */
  of?: string
}

/** A line with its margin. */
export function ruleLine(line: Omit<RuleLine, 'margin'>): RuleLine {
  return { ...line, margin: marginOf(line.value, line.limit, line.pass) }
}

/** Distance of a value from its limit in the rule's own unit, by the direction in which the rule asks. */
export function marginOf(value: RuleValue, limit: RuleValue, pass: boolean): number | null {
  if (typeof value !== 'number' || typeof limit !== 'number') return null
  const distance = Math.round(Math.abs(value - limit) * 10_000) / 10_000
  return pass || distance === 0 ? distance : -distance
}

/** Rules on a picture's facts as lines. */
export function pictureLines(results: readonly RuleResult[]): RuleLine[] {
  return results.map(({ rule, what, value, limit, fired }) =>
    ruleLine({ stage: 'judge', rule, what, value, limit, pass: !fired }),
  )
}

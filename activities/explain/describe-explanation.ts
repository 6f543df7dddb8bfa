import type { CandidateDocument, Explanation, PictureDocument, SampleDocument } from './explanation.ts'
import { describeOptOut } from './opt-out-lines.ts'
import type { RuleLine } from './rule-line.ts'

/** An explanation for people. */
export function describeExplanation(explanation: Explanation): string[] {
  return [
    `${explanation.subject.kind} ${explanation.subject.value} in release ${explanation.release}`,
    ...explanation.samples.flatMap(sampleLines),
    ...explanation.pictures.flatMap(pictureLines),
    ...explanation.candidates.flatMap(candidateLines),
    ...(explanation.not_followed.length > 0 ? ['not followed: no page of the release leads here by another link'] : []),
    ...explanation.not_followed.map(describeOptOut),
    ...(explanation.more ? ['there are more candidates than are shown; name a page or a sample'] : []),
  ]
}

function sampleLines(sample: SampleDocument): string[] {
  const outcome = sample.released ? `released, split ${sample.split}` : (sample.reason ?? 'kept so far')
  return [
    `sample ${sample.key} (${sample.lang}): ${outcome}`,
    ...sample.rules.map(describeRule),
    ...(sample.leader
      ? [
          `  near ${sample.leader.picture} at distance ${sample.leader.distance}, kept as ${sample.leader.key ?? 'another'}`,
        ]
      : []),
    ...sample.generations.map(({ task, reason }) => `  ${task}: ${reason === null ? 'kept' : `dropped, ${reason}`}`),
  ]
}

function pictureLines({ picture, normalise, safety, opt_out, rules }: PictureDocument): string[] {
  const looks =
    normalise === null
      ? 'not looked into'
      : normalise.ok
        ? `${normalise.format}, ${normalise.width} x ${normalise.height}, ${normalise.bytes} bytes, pdq ${normalise.pdq} quality ${normalise.pdq_quality}`
        : normalise.reason
  return [
    `picture ${picture}: ${looks}`,
    ...(safety ? [`  safety ${JSON.stringify(safety)}`] : []),
    ...opt_out.map(describeOptOut),
    ...rules.map(describeRule),
  ]
}

function candidateLines(candidate: CandidateDocument): string[] {
  const { fetch } = candidate
  return [
    `candidate ${candidate.image_url ?? candidate.picture ?? ''} on ${candidate.page_url ?? ''}: ${candidate.reason ?? `part of a sample in ${candidate.lang}`}`,
    ...(fetch && fetch.reason !== null
      ? [`  fetch: ${fetch.state}, ${fetch.reason}${fetch.detail ? `, ${fetch.detail}` : ''}`]
      : []),
    ...candidate.opt_out.map(describeOptOut),
    ...candidate.rules.map(describeRule),
    ...candidate.texts.flatMap((text) => [
      `  ${text.source} (${text.type}, ${text.lang}): ${text.reason ?? 'kept'}: ${text.text}`,
      ...text.rules.map((rule) => `  ${describeRule(rule)}`),
    ]),
    ...(candidate.differs ? ['  judged anew it comes out otherwise: this code is not the one of the release'] : []),
  ]
}

/** `  drop too_small: min_side 90, limit 100, margin -10`. */
export function describeRule({ rule, what, value, limit, pass, margin, of }: RuleLine): string {
  const parts = [
    `${what} ${value === null ? 'none' : String(value)}`,
    ...(limit === null || limit === '' ? [] : [`limit ${String(limit)}`]),
    ...(margin === null ? [] : [`margin ${margin}`]),
    ...(of === undefined ? [] : [`of ${of}`]),
  ]
  return `  ${pass ? 'pass' : 'drop'} ${rule}: ${parts.join(', ')}`
}

import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import type { GeneratedText, KeptSample, NativeMember } from '../../schema/queries/generations.ts'
import { nativeTexts } from '../generate/native-texts.ts'
import type { BoundRow } from './leaf.ts'

export interface RowSources {
  sample: KeptSample
  split: string
  members: NativeMember[]
  /** Extract facts by input digest, lowercase hex. */
  extracts: Map<string, ExtractFact>
  normalise: Extract<NormaliseFact, { ok: true }>
  safety: SafetyFact | null
  generated: GeneratedText[]
}

/** Names in the `scores` column: every score that a limit of the spec reads, those of `filters.nsfw`. */
export const SCORE_NAMES = ['hentai', 'porn', 'sexy']

/** One row of the release, from stored facts, judgements and generations alone. */
export function buildRow(sources: RowSources): BoundRow {
  const { sample, normalise, safety, generated } = sources
  const native = nativeTexts(sources.members)
  const first = native[0] ?? null
  const member = first?.member ?? sources.members[0]
  const candidate = member ? candidateOf(sources, member) : null
  const text = (task: string) => generated.find((one) => one.task === task && one.reason === null)?.text ?? null
  const ling = text('translate')
  const thick = text('thick')
  return {
    key: sample.key.toString('hex'),
    lang: sample.tag,
    script: sample.script,
    split: sources.split,
    in_know: first !== null,
    in_ling: ling !== null,
    in_thick: thick !== null,
    alt_text: first?.text.text ?? null,
    alt_source: first?.text.source ?? null,
    alt_type: first?.text.type ?? null,
    alt_others: native
      .slice(1)
      .map((one) => ({ text: one.text.text, source: one.text.source, page_url: one.member.page_url })),
    context: candidate?.context ?? { title: null, heading: null, before: null, after: null },
    caption_pivot: text('caption'),
    caption_ling: ling,
    caption_thick: thick,
    page_url: member?.page_url ?? null,
    image_url: member?.image_url ?? null,
    licence: candidate?.licence ?? normalise.licence,
    // A reserved sample never gets here: what is left has been asked and found free.
    rights: 'no_reservation',
    fetched_sha256: sample.picture.toString('hex'),
    image_sha256: normalise.released.sha256,
    pdq: normalise.pdq,
    width: normalise.released.width,
    height: normalise.released.height,
    scores: { hentai: safety?.hentai ?? null, porn: safety?.porn ?? null, sexy: safety?.sexy ?? null },
  }
}

function candidateOf(sources: RowSources, member: NativeMember) {
  const extract = sources.extracts.get(member.extract_input.toString('hex'))
  return extract?.ok ? (extract.candidates.find((one) => one.position === member.position) ?? null) : null
}

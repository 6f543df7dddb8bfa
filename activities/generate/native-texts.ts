import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { NativeMember } from '../../schema/queries/generations.ts'
import type { ThickSources } from './thick.ts'

/** The native texts of a sample and the context of the page that its first text stands on. */
export function thickSources(members: readonly NativeMember[], extracts: Map<string, ExtractFact>): ThickSources {
  const kept = nativeTexts(members)
  const first = kept[0]
  const extract = first ? extracts.get(first.member.extract_input.toString('hex')) : undefined
  const candidate = extract?.ok ? extract.candidates.find((one) => one.position === first?.member.position) : undefined
  return {
    alt_text: first?.text.text ?? '',
    alt_others: kept.slice(1).map((one) => one.text.text),
    context: candidate?.context ?? { title: null, heading: null, before: null, after: null },
  }
}

export interface NativeTextOfSample {
  member: NativeMember
  text: NativeMember['texts'][number]
}

/** Every kept text in canonical order, each (text, page) once; the first is `alt_text`. */
export function nativeTexts(members: readonly NativeMember[]): NativeTextOfSample[] {
  const seen = new Set<string>()
  const kept = members.flatMap((member) =>
    member.texts.filter((text) => text.reason === null).map((text) => ({ member, text })),
  )
  return kept.filter(({ member, text }) => {
    const key = JSON.stringify([text.text, member.page_url])
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

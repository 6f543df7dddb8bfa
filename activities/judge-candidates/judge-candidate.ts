import type { Candidate, NativeText, TextSource, TextType } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact, TextFact } from '../../schema/contracts/facts.ts'
import type { CandidateReason, TextReason } from '../../schema/contracts/reasons.ts'
import type { FilterSection } from '../../schema/contracts/spec.ts'
import type { LanguageWeight } from './page-evidence.ts'
import { isBoilerplate } from './boilerplate.ts'
import { decideLanguage, decidePageTag } from './decide-language.ts'
import { namesItsFile } from './file-name.ts'

export interface CandidateInput {
  candidate: Candidate
  fetchReason: string | null
  /** The page reserves itself. */
  pageReserved: boolean
  /** Facts of the candidate's texts, in their order. */
  texts: TextFact[]
  page: PageLanguageFact
  declaredPage: string | null
  declaredSeed: string
  /** How often each text stands on the host, null below the survey's floor. */
  frequencies: ({ uses: number; pages: number; pictures: number } | null)[]
  hostPages: number
  /** What the host's pages are in, by letters. */
  host: readonly LanguageWeight[]
}

export interface CandidateRules {
  /** Tags of the spec, minimised. */
  languages: readonly string[]
  /** Filters that hold for a tag, after overrides. */
  filtersOf(tag: string): FilterSection
  /** Filters before a tag is known. */
  filters: FilterSection
}

export interface TextVerdict {
  text: string
  source: TextSource
  type: TextType
  /** Decided tag, `und` when the text says nothing. */
  tag: string
  reason: TextReason | null
}

export interface CandidateVerdict {
  tag: string
  script: string
  /** The first rule that fired, null when the candidate may join a sample. */
  reason: CandidateReason | null
  /** All rules that fired, in their order. */
  rules: CandidateReason[]
  /** Index of the first kept text, null when none is kept. */
  kept: number | null
  texts: TextVerdict[]
}

/**
 * Decides what one picture reference is worth as native text: decorative, boilerplate, type and language of each text.
 * A judgement: opens no picture, calls no model, reads facts and surveys only. All rules that fire are kept.
 */
export function judgeCandidate(input: CandidateInput, rules: CandidateRules): CandidateVerdict {
  const { candidate } = input
  const page = decidePageTag({
    page: input.page,
    declaredElement: candidate.lang,
    declaredPage: input.declaredPage,
    declaredSeed: input.declaredSeed,
    host: input.host,
    contrast: rules.filters.language.contrast,
    wanted: rules.languages,
    prior: rules.filters.language.prior,
  })
  const texts = candidate.texts.map((text, index) => judgeText(input, rules, text, index))
  const kept = texts.findIndex((text) => text.reason === null)
  const keptText = kept < 0 ? null : (texts[kept] as TextVerdict)
  // Texts in a second language stand beside the first without joining it.
  if (keptText)
    for (const text of texts) if (text.reason === null && text.tag !== keptText.tag) text.reason = 'text_language'
  const tag = keptText?.tag ?? (page.kind === 'tag' ? page.tag : 'und')
  const fired: CandidateReason[] = []
  if (input.fetchReason !== null) fired.push(input.fetchReason as CandidateReason)
  if (input.pageReserved && input.fetchReason !== 'opted_out') fired.push('opted_out')
  if (candidate.decorative) fired.push('decorative')
  if (kept < 0 && texts.some((text) => text.reason === 'text_boilerplate')) fired.push('boilerplate')
  if (!rules.languages.includes(tag)) fired.push('language_not_wanted')
  return { tag, script: scriptOf(tag), reason: fired[0] ?? null, rules: fired, kept: keptText ? kept : null, texts }
}

function judgeText(input: CandidateInput, rules: CandidateRules, text: NativeText, index: number): TextVerdict {
  const fact = input.texts[index] as TextFact
  const type = namesItsFile(fact.text, input.candidate.image_url) ? 'filename' : fact.type
  const language = decideLanguage({
    text: fact,
    page: input.page,
    declaredElement: text.lang,
    declaredPage: input.declaredPage,
    declaredSeed: input.declaredSeed,
    host: input.host,
    wanted: rules.languages,
    contrast: rules.filters.language.contrast,
    prior: rules.filters.language.prior,
  })
  const tag = language.kind === 'tag' ? language.tag : 'und'
  const filters = language.kind === 'tag' ? rules.filtersOf(tag) : rules.filters
  const frequency = input.frequencies[index] ?? null
  const reason =
    ownReason(fact, type, filters) ??
    (frequency !== null &&
    isBoilerplate({ times: frequency.uses, pages: frequency.pages, hostPages: input.hostPages }, filters.boilerplate)
      ? 'text_boilerplate'
      : null) ??
    (language.kind === 'tag' ? null : language.reason)
  return { text: fact.text, source: text.source, type, tag, reason }
}

/** What the text itself says against it, whatever its language. */
function ownReason(fact: TextFact, type: TextType, filters: FilterSection): TextReason | null {
  const length = Array.from(fact.text).length
  if (length === 0) return 'text_empty'
  if (type === 'filename') return 'text_file_name'
  if (type === 'seo' && filters.drop_types.includes('seo')) return 'text_seo'
  if (filters.drop_types.includes(type)) return 'text_type'
  if (fact.pii.length > 0) return 'text_pii'
  if (length < filters.text.min_chars) return 'text_too_short'
  if (length > filters.text.max_chars) return 'text_too_long'
  return null
}

/** ISO 15924 code of a tag by CLDR's likely subtags. */
export function scriptOf(tag: string): string {
  return new Intl.Locale(tag).maximize().script ?? 'Zzzz'
}

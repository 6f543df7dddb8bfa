import type { Candidate, NativeText, TextSource, TextType } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact, TextFact } from '../../schema/contracts/facts.ts'
import type { CandidateReason, TextReason } from '../../schema/contracts/reasons.ts'
import type { FilterSection } from '../../schema/contracts/spec.ts'
import type { LanguageWeight } from './page-evidence.ts'
import { boilerplateConditions, type Condition } from './boilerplate.ts'
import { decideLanguage, decidePageTag, type LanguageDecision } from './decide-language.ts'
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
  /** The text's own script (ISO 15924), null without a decision. */
  script: string | null
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
  const script = keptText?.script ?? (page.kind === 'tag' ? page.script : 'Zzzz')
  const fired: CandidateReason[] = []
  // That its page reserves it is why the crawl did not ask for it.
  if (input.pageReserved && input.fetchReason === 'not_fetched') fired.push('opted_out')
  if (input.fetchReason !== null) fired.push(input.fetchReason as CandidateReason)
  if (input.pageReserved && !fired.includes('opted_out')) fired.push('opted_out')
  if (candidate.decorative) fired.push('decorative')
  if (kept < 0 && texts.some((text) => text.reason === 'text_boilerplate')) fired.push('boilerplate')
  if (!rules.languages.includes(tag)) fired.push('language_not_wanted')
  return { tag, script, reason: fired[0] ?? null, rules: fired, kept: keptText ? kept : null, texts }
}

function judgeText(input: CandidateInput, rules: CandidateRules, text: NativeText, index: number): TextVerdict {
  const { type, language, asked } = examineText(input, rules, text, index)
  const fired = asked.find(({ conditions }) => conditions.every(({ met }) => met))
  return {
    text: (input.texts[index] as TextFact).text,
    source: text.source,
    type,
    tag: language.kind === 'tag' ? language.tag : 'und',
    script: language.kind === 'tag' ? language.script : null,
    reason: fired?.rule ?? (language.kind === 'tag' ? null : language.reason),
  }
}

/** A rule that is asked of one text: it fires when all its conditions are met. */
export interface TextRule {
  rule: TextReason
  conditions: Condition[]
}

/** What judging one text reads: its type, the language decision, and the rules before it, in their order. */
export function examineText(
  input: CandidateInput,
  rules: CandidateRules,
  text: NativeText,
  index: number,
): { type: TextType; language: LanguageDecision; asked: TextRule[] } {
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
  const filters = language.kind === 'tag' ? rules.filtersOf(language.tag) : rules.filters
  const { uses, pages } = input.frequencies[index] ?? { uses: 0, pages: 0 }
  const counted = { times: uses, pages, hostPages: input.hostPages }
  const boilerplate: TextRule = {
    rule: 'text_boilerplate',
    conditions: boilerplateConditions(counted, filters.boilerplate),
  }
  return { type, language, asked: [...ownRules(fact, type, filters), boilerplate] }
}

/** What the text itself may say against it, whatever its language. */
function ownRules(fact: TextFact, type: TextType, filters: FilterSection): TextRule[] {
  const length = Array.from(fact.text).length
  const isDropped = filters.drop_types.includes(type)
  const dropped = filters.drop_types.join(', ')
  const { min_chars: least, max_chars: most } = filters.text
  const one = (rule: TextReason, what: string, value: Condition['value'], limit: Condition['limit'], met: boolean) => ({
    rule,
    conditions: [{ what, value, limit, met }],
  })
  return [
    one('text_empty', 'chars', length, 1, length === 0),
    one('text_file_name', 'type', type, 'filename', type === 'filename'),
    one('text_seo', 'type', type, dropped, type === 'seo' && isDropped),
    one('text_type', 'type', type, dropped, isDropped),
    one('text_pii', 'pii', fact.pii.join(', '), '', fact.pii.length > 0),
    one('text_too_short', 'text.min_chars', length, least, length < least),
    one('text_too_long', 'text.max_chars', length, most, length > most),
  ]
}

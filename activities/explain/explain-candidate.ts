import type { CandidateReason } from '../../schema/contracts/reasons.ts'
import {
  type CandidateInput,
  type CandidateRules,
  type CandidateVerdict,
  examineText,
  judgeCandidate,
} from '../judge-candidates/judge-candidate.ts'
import type { LanguageDecision } from '../judge-candidates/decide-language.ts'
import { marginOf, type RuleLine, ruleLine } from './rule-line.ts'

export interface TextExplanation {
  text: string
  source: string
  type: string
  lang: string
  reason: string | null
  rules: RuleLine[]
}

export interface CandidateExplanation {
  verdict: CandidateVerdict
  rules: RuleLine[]
  texts: TextExplanation[]
}

/** Every rule on a candidate and on each of its texts, from the facts by the functions that judge. */
export function explainCandidate(input: CandidateInput, rules: CandidateRules): CandidateExplanation {
  const verdict = judgeCandidate(input, rules)
  const texts = verdict.texts.map((text, index) => {
    const { language, asked } = examineText(input, rules, input.candidate.texts[index]!, index)
    const isRare = input.frequencies[index] === null
    return {
      text: text.text,
      source: text.source,
      type: text.type,
      lang: text.tag,
      reason: text.reason,
      rules: [
        ...asked.flatMap(({ rule, conditions }) =>
          conditions.map(({ what, value: read, limit, met }) => {
            // A text too rare for the survey has no count, which is not a count of none.
            const value = isRare && rule === 'text_boilerplate' ? null : read
            const pass = !conditions.every((one) => one.met)
            return { stage: 'text' as const, rule, what, value, limit, pass, margin: marginOf(value, limit, !met) }
          }),
        ),
        languageLine(language, text.reason === 'text_language', verdict.tag, rules.languages),
      ],
    }
  })
  return { verdict, rules: candidateLines(input, rules, verdict), texts }
}

function candidateLines(input: CandidateInput, rules: CandidateRules, verdict: CandidateVerdict): RuleLine[] {
  const passes = (rule: CandidateReason) => !verdict.rules.includes(rule)
  const line = (rule: CandidateReason, what: string, value: RuleLine['value'], limit: RuleLine['limit']) =>
    ruleLine({ stage: 'candidate', rule, what, value, limit, pass: passes(rule) })
  const boilerplate = verdict.texts.filter(({ reason }) => reason === 'text_boilerplate').length
  return [
    ruleLine({
      stage: 'fetch',
      rule: input.fetchReason ?? 'fetched',
      what: 'picture',
      value: input.fetchReason ?? 'fetched',
      limit: null,
      pass: input.fetchReason === null,
    }),
    ruleLine({
      stage: 'candidate',
      rule: 'opted_out',
      what: 'page reserves itself',
      value: input.pageReserved,
      limit: false,
      pass: !input.pageReserved,
    }),
    line('decorative', 'decorative', input.candidate.decorative, false),
    line('boilerplate', 'texts that are boilerplate', boilerplate, null),
    line('language_not_wanted', 'languages', verdict.tag, rules.languages.join(', ')),
  ]
}

/** The language of a text: kept as the language of the first kept text, or what it is taken for. */
function languageLine(
  language: LanguageDecision,
  isSecond: boolean,
  tag: string,
  languages: readonly string[],
): RuleLine {
  const pass = language.kind === 'tag' && !isSecond
  return ruleLine({
    stage: 'text',
    rule: language.kind === 'tag' ? (isSecond ? 'text_language' : 'language') : language.reason,
    what: language.kind === 'tag' ? `language by ${language.evidence}` : 'language',
    value: language.kind === 'tag' ? language.tag : language.lang,
    limit: isSecond ? tag : languages.join(', '),
    pass,
  })
}

import { sayArabic } from './languages/ar.ts'
import { sayCzech } from './languages/cs.ts'
import { sayEnglish } from './languages/en.ts'
import { saySpanish } from './languages/es.ts'
import { sayHungarian } from './languages/hu.ts'
import { sayKorean } from './languages/ko.ts'
import { sayRussian } from './languages/ru.ts'
import { saySerbianCyrillic, saySerbianLatin } from './languages/sr.ts'
import { sayThai } from './languages/th.ts'
import { sayVietnamese } from './languages/vi.ts'
import { type Phrase, type Speaker, allPhrases } from './phrases.ts'

const SPEAKERS: Record<string, Speaker> = {
  ar: sayArabic,
  cs: sayCzech,
  es: saySpanish,
  hu: sayHungarian,
  ko: sayKorean,
  ru: sayRussian,
  sr: saySerbianCyrillic,
  'sr-Latn': saySerbianLatin,
  th: sayThai,
  vi: sayVietnamese,
}

export const LANGUAGES = Object.keys(SPEAKERS)

/** English sentence -> what it means, for every sentence that the example vision model can say. */
const MEANINGS = new Map<string, Phrase>([...allPhrases()].map((phrase) => [sayEnglish(phrase), phrase]))

export function speak(phrases: readonly Phrase[]): string {
  return phrases.map(sayEnglish).join(' ')
}

/** Sentences with their full stop; what has none at the end is one too. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}

/**
 * English to `language`, sentence by sentence. Sentences outside the vocabulary stay as they are, as a real
 * engine leaves unknown words; undefined when the language or every sentence is unknown.
 */
export function translate(text: string, language: string): string | undefined {
  const say = SPEAKERS[language]
  if (!say) return undefined
  const sentences = sentencesOf(text)
  if (!sentences.some((sentence) => MEANINGS.has(sentence))) return undefined
  return sentences
    .map((sentence) => {
      const phrase = MEANINGS.get(sentence)
      return phrase ? say(phrase) : sentence
    })
    .join(' ')
}

/** Subject and background sentences of a pivot description, each said in `language`; empty when it has none or no such. */
export function essence(text: string, language: string): string[] {
  const say = SPEAKERS[language]
  const phrases = sentencesOf(text).flatMap((sentence) => MEANINGS.get(sentence) ?? [])
  const minor = ['share', 'mirror', 'light', 'surface', 'format', 'others']
  return say ? phrases.filter(({ kind }) => !minor.includes(kind)).map(say) : []
}

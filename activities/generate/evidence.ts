import { isCased, isUnspaced } from './scripts.ts'
import { type ThickSources, namedSources } from './thick.ts'
import { formsOf, foldFor, isSameWord } from './word-forms.ts'
import { type Word, foldWord, numbersOf, segmentsOf, wordsOf } from './words.ts'

/** Letters that two forms share where a capital says nothing: likeness has to be closer there than between names. */
const SHORTEST_ATTESTED = 4

/** Name of the description in the target language as a source of evidence. */
export const DESCRIPTION = 'description.target'

export interface Place {
  source: string
  /** Code points of the source text, end exclusive. */
  start: number
  end: number
}

/** What a thick caption may rest on: the native texts of a sample (names), and the accepted description (other words). */
export interface Evidence {
  language: string
  native: readonly IndexedText[]
  /** Native texts and description. */
  all: readonly IndexedText[]
  /** Forms of every word of `all`. */
  forms: ReadonlySet<string>
  numbers: ReadonlySet<string>
}

interface IndexedText {
  source: string
  text: string
  /** Folded text, for scripts without spaces. */
  fold: string
  words: readonly Word[]
}

export function collectEvidence(sources: ThickSources, description: string | null, language: string): Evidence {
  const native = namedSources(sources).map(({ name, text }) => indexText(name, text, language))
  const all = description === null ? native : [...native, indexText(DESCRIPTION, description, language)]
  return {
    language,
    native,
    all,
    forms: new Set(all.flatMap(({ words }) => words.flatMap(({ fold }) => formsOf(fold, language)))),
    numbers: new Set(all.flatMap(({ text }) => numbersOf(text))),
  }
}

function indexText(source: string, text: string, language: string): IndexedText {
  const words = segmentsOf(text, language).map((word) => ({ ...word, fold: foldFor(word.text, language) }))
  return { source, text, fold: foldWord(text), words }
}

/** Where a name stands, word after word, in the first of `texts` that has it; null when in none. */
export function locateName(name: string, texts: readonly IndexedText[], language: string): Place | null {
  if (isUnspaced(language)) return locateLiterally(name, texts)
  const sought = wordsOf(name).map((word) => ({ ...word, fold: foldFor(word.text, language) }))
  if (sought.length === 0) return null
  for (const { source, text, words } of texts) {
    const at = words.findIndex((_, i) => sought.every((word, k) => isNameAt(words, i + k, word, language)))
    const first = words[at]
    const last = words[at + sought.length - 1]
    if (first && last) return { source, start: pointsIn(text, first.start), end: pointsIn(text, last.end) }
  }
  return null
}

/**
 * A name is declined from a name: a capitalised word is no form of one in small letters (Belić, bela), only the same.
 * The first word of a text has its capital anyway, so likeness to it has to be closer.
 */
function isNameAt(words: readonly Word[], index: number, sought: Word, language: string): boolean {
  const word = words[index]
  if (!word) return false
  if (word.fold === sought.fold) return true
  const mayBeForm = hasCapital(word) || !hasCapital(sought)
  return mayBeForm && isSameWord(word.fold, sought.fold, language, index === 0 ? SHORTEST_ATTESTED : undefined)
}

export function hasCapital(word: Word | undefined): boolean {
  return word !== undefined && /[\p{Lu}\p{Lt}]/u.test(word.text)
}

function locateLiterally(name: string, texts: readonly IndexedText[]): Place | null {
  const sought = name.normalize('NFC').toLowerCase()
  if (sought === '') return null
  for (const { source, text } of texts) {
    const at = text.toLowerCase().indexOf(sought)
    // Lower-casing keeps the length of all letters of these scripts; where it does not, the span would be wrong.
    if (at < 0 || text.toLowerCase().length !== text.length) continue
    return { source, start: pointsIn(text, at), end: pointsIn(text, at + sought.length) }
  }
  return null
}

/** Whether a single folded word, in some form, stands in a native text or in the description. */
export function isAttested(fold: string, evidence: Evidence): boolean {
  if (formsOf(fold, evidence.language).some((form) => evidence.forms.has(form))) return true
  // Without capitals the forms are all there is; with them, endings are compared pair by pair.
  if (!isCased(evidence.language)) return false
  const isForm = (word: Word) => isSameWord(word.fold, fold, evidence.language, SHORTEST_ATTESTED)
  return evidence.all.some(({ words }) => words.some(isForm))
}

/** Whether a run of a script without spaces can be cut into words that all stand in the evidence. */
export function isComposed(run: string, evidence: Evidence): boolean {
  const fold = foldWord(run)
  if (evidence.all.some((text) => text.fold.includes(fold)) && fold.length >= MIN_LITERAL_CHARS) return true
  const words = new Set(evidence.all.flatMap((text) => text.words.map((word) => word.fold)))
  const usable = [...words].filter((word) => word.length > 1 || ONE_CHARACTER_WORDS.test(word))
  const reachable = new Set([0])
  for (let at = 0; at < fold.length; at++) {
    if (!reachable.has(at)) continue
    for (const word of usable) if (fold.startsWith(word, at)) reachable.add(at + word.length)
  }
  return reachable.has(fold.length)
}

/** In these scripts a single character is often a word; in others it would let any name be spelt out. */
const ONE_CHARACTER_WORDS = /^[\p{Script=Hani}\p{Script=Hira}\p{Script=Kana}ๆฯ]$/u

/** Shorter literal pieces could be cut out of the middle of other words. */
const MIN_LITERAL_CHARS = 8

function pointsIn(text: string, units: number): number {
  return Array.from(text.slice(0, units)).length
}

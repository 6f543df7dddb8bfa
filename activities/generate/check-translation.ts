import type { TextFact } from '../../schema/contracts/facts.ts'
import { GENERATION_REASONS, type GenerationReason } from '../../schema/contracts/reasons.ts'
import { foreignWords, isWrongLanguage } from './check-text.ts'
import { hasLoop } from './repetition.ts'
import { scriptsOf } from './scripts.ts'
import { splitSentences } from './sentences.ts'
import { foldWord, numbersOf, type Word, wordsOf } from './words.ts'

export interface TranslationCheck {
  source: string
  /** Language of the source (BCP 47). */
  pivot: string
  translation: string
  /** Language asked for (BCP 47). */
  target: string
  /** Text fact of the translation. */
  fact: TextFact
}

/**
 * Characters (graphemes) that carry as much as 100 of a Latin alphabet, by script: the order of size of parallel texts,
 * since an alphabet without written vowels or a syllabary needs fewer. Scripts not named count as 90.
 */
const DENSITY: Record<string, number> = {
  Latn: 100,
  Cyrl: 100,
  Grek: 105,
  Armn: 100,
  Arab: 80,
  Hebr: 75,
  Hang: 50,
  Hani: 35,
  Hira: 50,
  Kana: 50,
}
/** How far a translation may be from the expected length: a factor, and graphemes for texts of a few words. */
const LENGTH_FACTOR = 2.4
const LENGTH_SLACK = 15

/**
 * Share of words that are not translated, taken over from the source or marked by the engine, above which a text is
 * not translated. Over 600 English captions and alternative texts a working engine (Apertium eng|spa) stays below it
 * for 90 % of them, a broken one (eng|hbs_SR) for none.
 */
const MAX_FAILED_SHARE = 0.2
/** Words in a row taken over from the source that no two languages share by chance. */
const COPIED_RUN = 3
/** Longest symbol of a unit: km, mm², kWh. */
const MAX_UNIT_CHARS = 3

/**
 * Every reason why a translation is not used, in the order of GENERATION_REASONS; empty when it passes. Pure, and for
 * any translator: what it leaves in the source language is found by comparing the words of both texts, and by
 * its marks where it sets some.
 */
export function checkTranslation(check: TranslationCheck): GenerationReason[] {
  const fired = new Set<GenerationReason>()
  const { translation, target } = check
  if (!/[\p{L}\p{N}]/u.test(translation)) return ['empty']
  if (isCutOff(check.source, translation)) fired.add('truncated')
  if (hasWrongScript(check)) fired.add('wrong_script')
  if (isWrongLanguage(check.fact, target, check.pivot)) fired.add('wrong_language')
  if (isWrongLength(check)) fired.add('length_ratio')
  if (isUntranslated(check)) fired.add('untranslated')
  if (losesNumbers(check)) fired.add('entities_lost')
  if (hasLoop(translation, textsOf(translation, target))) fired.add('repetition')
  if (lettersOf(check.source) === lettersOf(translation)) fired.add('copied_source')
  return GENERATION_REASONS.filter((reason) => fired.has(reason))
}

function textsOf(text: string, language: string): string[] {
  return splitSentences(text, language).map((sentence) => sentence.text)
}

function lettersOf(text: string): string {
  return wordsOf(text)
    .map((word) => word.fold)
    .join(' ')
}

/** The source is finished, the translation ends in a mark after which more must come, or in an open bracket. */
function isCutOff(source: string, translation: string): boolean {
  if (!/[.!?…]["'”’»)]?$/u.test(source)) return false
  if (/[,;:،؛、—–\-([«„&/]$/u.test(translation)) return true
  return openBrackets(translation) > openBrackets(source)
}

function openBrackets(text: string): number {
  let open = 0
  for (const character of text) open += '([«'.includes(character) ? 1 : ')]»'.includes(character) ? -1 : 0
  return open
}

/** A word in a script that is neither the target's nor taken over from the source: Chinese left in Russian, mixed letters. */
function hasWrongScript({ source, translation, target }: TranslationCheck): boolean {
  const given = new Set(wordsOf(source).map((word) => word.fold))
  return foreignWords(translation, target).some((word) => !given.has(foldWord(word)))
}

function isWrongLength({ source, pivot, translation, target }: TranslationCheck): boolean {
  const expected = (graphemes(source) * density(target)) / density(pivot)
  const real = graphemes(translation)
  return real > expected * LENGTH_FACTOR + LENGTH_SLACK || real < expected / LENGTH_FACTOR - LENGTH_SLACK
}

function density(language: string): number {
  return DENSITY[scriptsOf(language)[0] ?? ''] ?? 90
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

function graphemes(text: string): number {
  let count = 0
  for (const _ of segmenter.segment(text)) count++
  return count
}

/**
 * Words left in the source language. Names, codes and units may stay (see `protectedWords`). In another script one
 * left word is enough; in the same script, where cognates are equal, a share of them or several in a row. A word that
 * the engine marked (`*`, `@`, `#`: unknown to it, or not inflected) counts like one left, whether it is known or not:
 * what is dropped does not hang on whether an engine marks.
 */
function isUntranslated({ source, pivot, translation, target }: TranslationCheck): boolean {
  const given = new Set(wordsOf(source).map((word) => word.fold))
  const kept = protectedWords(source, pivot)
  const marked = markedWords(source, translation)
  const words = wordsOf(translation).filter((word) => !kept.has(word.fold))
  const isCopy = (word: Word) => given.has(word.fold) && /\p{L}/u.test(word.fold)
  const isMarked = (word: Word) => marked.has(word.start)
  if (!sharesScript(pivot, target) && words.some(isCopy)) return true
  const left = words.map((word) => isMarked(word) || (isCopy(word) && Array.from(word.fold).length > 1))
  const count = left.filter(Boolean).length
  // One equal word may be a cognate; one marked word is none.
  const isShare = count >= 2 || words.some(isMarked)
  return (isShare && count / words.length > MAX_FAILED_SHARE) || longestRun(left) >= COPIED_RUN
}

/** Marks that touch a letter, as engines flag words that they do not know or cannot inflect. */
const MARK = /[*@#](?=\p{L})|(?<=\p{L})[*@#]/gu

/** Where the words start that an engine marked; a mark that the source has is text. */
function markedWords(source: string, translation: string): Set<number> {
  const given = new Set(source.match(MARK))
  const starts = new Set<number>()
  for (const { start, end } of wordsOf(translation)) {
    const around = [translation[start - 1], translation[end]]
    if (around.some((mark) => mark !== undefined && '*@#'.includes(mark) && !given.has(mark))) starts.add(start)
  }
  return starts
}

/** A translation without the marks of its engine, as it is released; marks that the source has stay. */
export function withoutMarks(translation: string, source: string): string {
  const given = new Set(source.match(MARK))
  return translation.replace(MARK, (mark) => (given.has(mark) ? mark : ''))
}

function longestRun(flags: readonly boolean[]): number {
  let longest = 0
  let run = 0
  for (const flag of flags) {
    run = flag ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

/**
 * Words of the source that a translation may keep as they are: with a capital inside a sentence (names), with a digit
 * or several capitals (codes), short and right after a number (units).
 */
function protectedWords(source: string, pivot: string): Set<string> {
  const kept = new Set<string>()
  for (const { start, text } of splitSentences(source, pivot)) {
    const words = wordsOf(text)
    words.forEach((word, i) => {
      const isUnit = word.text.length <= MAX_UNIT_CHARS && /\p{Nd}\s?$/u.test(source.slice(0, start + word.start))
      const isName = i > 0 && /^\p{Lu}/u.test(word.text)
      const isCode = /\p{N}/u.test(word.text) || /\p{Lu}.*\p{Lu}/u.test(word.text)
      if (isUnit || isName || isCode) kept.add(word.fold)
    })
  }
  return kept
}

function sharesScript(a: string, b: string): boolean {
  const scripts = scriptsOf(b)
  return scriptsOf(a).some((script) => scripts.includes(script))
}

/** A number written in digits must be there in digits again, in whatever digits and with whatever separators. */
function losesNumbers({ source, translation }: TranslationCheck): boolean {
  const there = numbersOf(translation)
  const all = there.join('')
  return numbersOf(source).some((number) => !there.includes(number) && !all.includes(number))
}

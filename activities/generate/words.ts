import { isUnspaced } from './scripts.ts'

export interface Word {
  /** As written. */
  text: string
  /** Folded for comparison: NFKC, lower case, without apostrophes and invisible joiners. */
  fold: string
  /** UTF-16 position in the text. */
  start: number
  end: number
}

const WORD = /[\p{L}\p{M}\p{N}\u200c\u200d]+(?:['’ʼ][\p{L}\p{M}]+)*/gu

/** Runs of letters, marks and digits; an apostrophe between letters stays inside. Spaces and punctuation part words. */
export function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORD), (match) => ({
    text: match[0],
    fold: foldWord(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }))
}

/** One form for all spellings of a word that mean the same string: width, case, apostrophe, joiners. */
export function foldWord(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFC')
    .replace(/['’ʼ\u200c\u200d]/g, '')
}

const segmenters = new Map<string, Intl.Segmenter>()

/** Words of a text without spaces, by ICU's dictionary of the language; for other languages the same as `wordsOf`. */
export function segmentsOf(text: string, language: string): Word[] {
  if (!isUnspaced(language)) return wordsOf(text)
  let segmenter = segmenters.get(language)
  if (!segmenter) {
    segmenter = new Intl.Segmenter(language, { granularity: 'word' })
    segmenters.set(language, segmenter)
  }
  return Array.from(segmenter.segment(text), ({ segment, index }) => ({
    text: segment,
    fold: foldWord(segment),
    start: index,
    end: index + segment.length,
  })).filter(({ text: segment }) => /[\p{L}\p{N}]/u.test(segment))
}

/** Zeros of the decimal digit sets of Unicode, each followed by its nine other digits. */
let zeros: number[] | undefined

function zerosOfUnicode(): number[] {
  const found: number[] = []
  for (let point = 0; point < 0x20000; point++) {
    if (!/\p{Nd}/u.test(String.fromCodePoint(point))) continue
    found.push(point)
    point += 9
  }
  return found
}

/**
 * The numbers of a text as strings of ASCII digits, whatever digits it is written in. Separators inside a number
 * (1,000.5) are dropped, so that writings of one number in different countries are equal.
 */
export function numbersOf(text: string): string[] {
  return Array.from(text.matchAll(/\p{Nd}+(?:[.,'’٫٬\u00a0\u202f]\p{Nd}+)*/gu), ([number]) => asciiDigits(number))
}

function asciiDigits(number: string): string {
  zeros ??= zerosOfUnicode()
  let digits = ''
  for (const character of number) {
    const point = character.codePointAt(0) ?? 0
    const zero = zeros.findLast((candidate) => candidate <= point)
    if (zero !== undefined && point - zero <= 9) digits += String(point - zero)
  }
  return digits
}

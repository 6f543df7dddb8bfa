import { isCased } from './scripts.ts'

export interface Sentence {
  text: string
  /** UTF-16 position in the text that was split. */
  start: number
  end: number
}

/** Full stops of all scripts that end a sentence: Latin, Arabic, Urdu, Devanagari, Armenian, Ethiopic, Khmer, CJK. */
const TERMINATORS = '.!?…؟۔।॥։።៕。！？'
const CLOSERS = /["'”’»)\]』」〉》›“]/u

/**
 * Sentences of a text whose white space is single spaces. Cuts too rarely rather than too often: after a terminator
 * that stands before a space, not after what may be an abbreviation, and in scripts with capitals only before
 * something that is no small letter. Text of scripts without full stops comes back as one sentence.
 */
export function splitSentences(text: string, language: string): Sentence[] {
  const cased = isCased(language)
  const sentences: Sentence[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (!TERMINATORS.includes(text.charAt(i))) continue
    let end = i + 1
    while (end < text.length && (TERMINATORS.includes(text.charAt(end)) || CLOSERS.test(text.charAt(end)))) end++
    const wide = '。！？'.includes(text.charAt(i))
    if (end < text.length && !(wide || text.charAt(end) === ' ')) continue
    if (end < text.length && text.charAt(i) === '.' && isAbbreviation(text, i)) continue
    if (end < text.length && cased && /^ ?["'“„«([‘]*\p{Ll}/u.test(text.slice(end, end + 6))) continue
    push(sentences, text, start, end)
    start = end
    i = end - 1
  }
  push(sentences, text, start, text.length)
  return sentences
}

function push(sentences: Sentence[], text: string, from: number, to: number): void {
  const raw = text.slice(from, to)
  const trimmed = raw.trim()
  if (trimmed === '') return
  const start = from + raw.indexOf(trimmed)
  sentences.push({ text: trimmed, start, end: start + trimmed.length })
}

/** Initials, ordinals and abbreviations: one or two letters or digits, or three that begin with a capital (Ing., Mrs.). */
function isAbbreviation(text: string, stop: number): boolean {
  let start = stop
  while (start > 0 && stop - start < 4 && /[\p{L}\p{M}\p{N}]/u.test(text.charAt(start - 1))) start--
  const word = text.slice(start, stop)
  // Only alphabets with capitals abbreviate so; a Korean or Arabic sentence may well end in a short word.
  return /^(?:[\p{Lu}\p{Ll}]{1,2}|\p{N}{1,2}|\p{Lu}\p{Ll}{2})$/u.test(word)
}

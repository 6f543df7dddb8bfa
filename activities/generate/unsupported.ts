import { type Evidence, hasCapital, isAttested, isComposed, locateName } from './evidence.ts'
import { inScriptOf, isCased, isUnspaced } from './scripts.ts'
import { foldFor } from './word-forms.ts'
import { type Word, numbersOf, wordsOf } from './words.ts'

/**
 * What stands in a sentence of a thick caption and is held by no evidence, as written; empty when all of it is held.
 * No list of names or words is used; what counts as a possible name follows from how the script writes names:
 *
 * - everywhere: numbers must stand in the evidence; quoted words and words of another script in a native text;
 * - scripts with capitals: neighbouring capitalised words are one name and must stand so in one native text. The first
 *   word of a sentence has its capital anyway: it must stand anywhere in the evidence, native text or description, or
 *   be of one or two letters (articles, prepositions);
 * - scripts without capitals: a name looks like any other word, so every word must stand in the evidence, in a form
 *   that `isSameWord` knows; without spaces, the sentence must be made of words of the evidence.
 *
 * A name in small letters in a script with capitals is not found, nor one that is put together from words of the
 * evidence in a script without; a declared one is found by `groundThick`.
 */
export function unsupportedIn(sentence: string, evidence: Evidence): string[] {
  const { language } = evidence
  const pieces = wordsOf(sentence).flatMap((word) => (isUnspaced(language) ? partsByScript(word, language) : [word]))
  return [
    ...quotedIn(sentence).filter((quoted) => !locateName(quoted, evidence.native, language)),
    ...numbersOf(sentence).filter((number) => !evidence.numbers.has(number)),
    ...pieces.filter((word) => isCodeOrForeign(word, language) && !isHeld(word, evidence)).map(({ text }) => text),
    ...(isCased(language) ? unsupportedNames(sentence, pieces, evidence) : unsupportedWords(pieces, evidence)),
  ]
}

/** Longest word that may open a sentence without evidence. */
const MAX_PARTICLE_CHARS = 2

/** Letters with digits, or letters of another script. */
function isCodeOrForeign({ text }: Word, language: string): boolean {
  return /\p{L}/u.test(text) && (/\p{N}/u.test(text) || !inScriptOf(language, text))
}

function isHeld({ text }: Word, { language, native, all }: Evidence): boolean {
  return locateName(text, inScriptOf(language, text) ? all : native, language) !== null
}

/** Runs of capitalised words, each a possible name. */
function unsupportedNames(sentence: string, words: readonly Word[], evidence: Evidence): string[] {
  const missing: string[] = []
  for (let from = 0; from < words.length; from++) {
    if (!hasCapital(words[from])) continue
    let to = from
    while (hasCapital(words[to + 1]) && isJoint(sentence, words[to], words[to + 1])) to++
    const run = words.slice(from, to + 1)
    if (!isNameHeld(sentence, run, evidence)) missing.push(textOfRun(sentence, run))
    from = to
  }
  return missing
}

/** A run that is not one name of a native text is looked at sentence by sentence: "… letter C. The …" is no name. */
function isNameHeld(sentence: string, run: readonly Word[], evidence: Evidence): boolean {
  if (run.some((word) => isGlued(word, evidence))) return false
  if (locateName(textOfRun(sentence, run), evidence.native, evidence.language)) return true
  const pieces: Word[][] = []
  for (const word of run) {
    if (pieces.length === 0 || startsSentence(sentence, word)) pieces.push([word])
    else pieces.at(-1)?.push(word)
  }
  return pieces.every((piece) => isPieceHeld(sentence, piece, evidence))
}

function isPieceHeld(sentence: string, piece: readonly Word[], evidence: Evidence): boolean {
  const { language, native } = evidence
  if (locateName(textOfRun(sentence, piece), native, language)) return true
  const [first, ...rest] = piece
  if (!first || !startsSentence(sentence, first)) return false
  const isParticle = rest.length === 0 && Array.from(first.text).length <= MAX_PARTICLE_CHARS
  if (!isParticle && !isAttested(foldFor(first.text, language), evidence)) return false
  return rest.length === 0 || locateName(textOfRun(sentence, rest), native, language) !== null
}

/** A capital inside a word: only as a native text writes it, or a name could hide behind the beginning of another word. */
function isGlued({ text }: Word, { native, language }: Evidence): boolean {
  const fold = foldFor(text, language)
  return /\p{Ll}\p{Lu}/u.test(text) && !native.some(({ words }) => words.some((word) => word.fold === fold))
}

/** Words of one name are parted by a space, a hyphen, an apostrophe or the full stop of an initial. */
function isJoint(sentence: string, left: Word | undefined, right: Word | undefined): boolean {
  return /^(?: |-|–|\.|\. |['’])$/.test(sentence.slice(left?.end, right?.start))
}

function startsSentence(sentence: string, word: Word): boolean {
  return /(?:^|[.!?…]["'”’»)\]“]? )["'„“”«»([—–\- ]*$/u.test(sentence.slice(Math.max(0, word.start - 8), word.start))
}

function textOfRun(sentence: string, run: readonly Word[]): string {
  return sentence.slice(run[0]?.start, run.at(-1)?.end)
}

/** Scripts without capitals: every word has to be held. A single letter of an alphabet is a conjunction, not a name. */
function unsupportedWords(words: readonly Word[], evidence: Evidence): string[] {
  const { language } = evidence
  return words
    .filter((word) => /\p{L}/u.test(word.text) && !isCodeOrForeign(word, language))
    .filter((word) => {
      if (isUnspaced(language)) return !isComposed(word.text, evidence)
      const fold = foldFor(word.text, language)
      return !(fold.length === 1 && /^[\p{Script=Arab}\p{Script=Hebr}]$/u.test(fold)) && !isAttested(fold, evidence)
    })
    .map(({ text }) => text)
}

/** In scripts without spaces a run of letters may hold several scripts and numbers: each is a piece of its own. */
function partsByScript(word: Word, language: string): Word[] {
  const kindOf = (character: string) =>
    /[\p{M}\u200c\u200d]/u.test(character)
      ? ''
      : /\p{N}/u.test(character)
        ? 'n'
        : inScriptOf(language, character)
          ? 'o'
          : 'f'
  const parts: Word[] = []
  let kind = ''
  let at = word.start
  for (const character of word.text) {
    const next = kindOf(character) || kind
    const last = parts.at(-1)
    if (last && next === kind) {
      last.text += character
      last.end = at + character.length
    } else parts.push({ text: character, fold: '', start: at, end: at + character.length })
    kind = next
    at += character.length
  }
  return parts
}

const QUOTES =
  /[„“"]([^„“”"]{1,200})[“”"]|«([^«»]{1,200})»|‹([^‹›]{1,80})›|「([^「」]{1,200})」|『([^『』]{1,200})』|《([^《》]{1,200})》/gu

/** What stands between quotation marks of any kind. */
function quotedIn(sentence: string): string[] {
  return Array.from(
    sentence.matchAll(QUOTES),
    (match) => match.slice(1).find((group) => group !== undefined) ?? '',
  ).filter((quoted) => /[\p{L}\p{N}]/u.test(quoted))
}

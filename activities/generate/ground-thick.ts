import type { GenerationReason } from '../../schema/contracts/reasons.ts'
import { type Evidence, type Place, DESCRIPTION, collectEvidence, locateName } from './evidence.ts'
import { isCased, isUnspaced } from './scripts.ts'
import { splitSentences } from './sentences.ts'
import type { ThickOutput, ThickSources } from './thick.ts'
import { unsupportedIn } from './unsupported.ts'
import { isSameWord } from './word-forms.ts'
import { wordsOf } from './words.ts'

/** An entity of a thick caption with the place that holds it; span in code points of that source, end exclusive. */
export interface GroundedEntity {
  name: string
  evidence: 'alt' | 'page' | 'image'
  /** `alt_text`, `alt_others[i]`, `context.title|heading|before|after`, or `description.target`. */
  source: string
  start: number
  end: number
}

/** A caption of a few sentences names a handful; each one costs a search. */
const MAX_ENTITIES = 64

export type GroundResult =
  | {
      ok: true
      caption: string
      entities: GroundedEntity[]
      /** Sentences that were taken out, with what no evidence holds. */
      removed: { text: string; unsupported: string[] }[]
    }
  | { ok: false; reason: GenerationReason; problem: string }

/**
 * Verifies a thick caption against the texts of its sample and takes out every sentence that holds an unsupported name
 * or number (see `unsupportedIn`), or an entity that the model declared and that stands nowhere. Claimed spans are not
 * believed: each entity is looked up again, native texts in canonical order first. Rather drops a sentence too many than
 * keeps a name that no evidence holds. `not_grounded` when no sentence is left, or none that rests on a native text.
 */
export function groundThick(
  output: ThickOutput,
  sources: ThickSources,
  description: string | null,
  target: string,
): GroundResult {
  if (output.entities.length > MAX_ENTITIES) return notGrounded('more entities are declared than a caption can hold')
  const evidence = collectEvidence(sources, description, target)
  const declared = output.entities.map(({ name }) => ({ name, place: placeOf(name, evidence) }))
  const unheld = declared.filter(({ place }) => place === null).map(({ name }) => name)
  const removed: { text: string; unsupported: string[] }[] = []
  const kept: string[] = []
  for (const sentence of unitsOf(output.caption, target)) {
    const unsupported = [
      ...unheld.filter((name) => mentions(sentence, name, target)),
      ...unsupportedIn(sentence, evidence),
    ]
    if (unsupported.length === 0) kept.push(sentence)
    else removed.push({ text: sentence, unsupported: [...new Set(unsupported)].sort() })
  }
  const caption = kept.join(' ')
  if (caption === '') return notGrounded('every sentence holds something that no evidence holds')
  if (!restsOnNative(caption, evidence)) return notGrounded('what is left does not rest on a native text')
  return { ok: true, caption, entities: entitiesOf(declared, caption, target), removed }
}

function notGrounded(problem: string): GroundResult {
  return { ok: false, reason: 'not_grounded', problem }
}

/**
 * What can be taken out in one piece. Thai and Lao have no full stop: there a space between two letters parts clauses
 * (one beside a number or another script does not).
 */
function unitsOf(caption: string, language: string): string[] {
  return splitSentences(caption, language).flatMap(({ text }) =>
    isUnspaced(language)
      ? text.split(/(?<=[\p{Script=Thai}\p{Script=Laoo}]) (?=[\p{Script=Thai}\p{Script=Laoo}])/u)
      : [text],
  )
}

/** Native texts hold any entity; the description only what is no proper name as far as the script shows it. */
function placeOf(name: string, evidence: Evidence): Place | null {
  const native = locateName(name, evidence.native, evidence.language)
  if (native) return native
  if (isCased(evidence.language) && /[\p{Lu}\p{Lt}]/u.test(name)) return null
  return locateName(name, evidence.all, evidence.language)
}

/** Whether a sentence has the name, or words that begin alike in the same order: declined forms count. */
function mentions(sentence: string, name: string, language: string): boolean {
  const bare = (text: string) =>
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '')
  // A single letter is in every sentence; it is still compared as a word.
  if (bare(name).length > 1 && bare(sentence).includes(bare(name))) return true
  const sought = wordsOf(name).map(({ fold }) => fold)
  const words = wordsOf(sentence).map(({ fold }) => fold)
  return (
    sought.length > 0 &&
    words.some((_, i) =>
      sought.every((fold, k) => words[i + k] !== undefined && isAlike(words[i + k] ?? '', fold, language)),
    )
  )
}

/** More generous than `isSameWord`, because here likeness takes a sentence out: half of the longer word, from the start. */
function isAlike(a: string, b: string, language: string): boolean {
  if (isSameWord(a, b, language)) return true
  let common = 0
  while (common < a.length && common < b.length && a[common] === b[common]) common++
  return common >= 3 && common * 2 >= Math.max(a.length, b.length)
}

/** Some word of the native texts is there, and not only one as short as a particle, unless they have none longer. */
function restsOnNative(caption: string, { language, native }: Evidence): boolean {
  const lengths = native.flatMap(({ words }) => words.map(({ text }) => text.length))
  const shortest = Math.min(isCased(language) ? 3 : 2, Math.max(...lengths, 0))
  if (isUnspaced(language)) {
    return native.some(({ words }) => words.some(({ text }) => text.length >= shortest && caption.includes(text)))
  }
  return wordsOf(caption).some(({ text }) => text.length >= shortest && locateName(text, native, language) !== null)
}

function entitiesOf(
  declared: readonly { name: string; place: Place | null }[],
  caption: string,
  language: string,
): GroundedEntity[] {
  const entities = new Map<string, GroundedEntity>()
  for (const { name, place } of declared) {
    if (!place || !mentions(caption, name, language)) continue
    entities.set(`${place.source} ${place.start} ${place.end}`, { name, evidence: evidenceOf(place.source), ...place })
  }
  return [...entities.values()]
}

function evidenceOf(source: string): GroundedEntity['evidence'] {
  if (source === DESCRIPTION) return 'image'
  return source.startsWith('alt') ? 'alt' : 'page'
}

import { scriptOfLetter, splitByScript } from '../text/scripts.ts'

/** eld stops reading after 350 bytes and cld3 after 700: what is longer would not be looked at. */
const CHUNK_BYTES = 320

/** Pieces of a long page that are looked at, spread evenly; 32 pieces are some 10 KB and 4 ms. */
const MAX_CHUNKS = 32

export interface TextChunk {
  text: string
  /** Letters of the words that no earlier chunk had: a word that comes again is no new evidence. */
  weight: number
}

/**
 * Cuts a page's text (blocks separated by newlines) into pieces that a detector reads whole, each in one script. Short
 * neighbouring blocks share a piece, a long block is cut at white space where it has any.
 */
export function textChunks(text: string): TextChunk[] {
  const byScript = new Map<string, string[]>()
  for (const chunk of spread(pack(text.split('\n')), MAX_CHUNKS)) {
    for (const { family, text: only } of splitByScript(chunk)) {
      const lines = byScript.get(family) ?? []
      lines.push(...only.split('\n'))
      byScript.set(family, lines)
    }
  }
  const seen = new Set<string>()
  return [...byScript.values()].flatMap(pack).map((chunk) => ({ text: chunk, weight: newLetters(chunk, seen) }))
}

function newLetters(chunk: string, seen: Set<string>): number {
  let letters = 0
  for (const [word] of chunk.toLowerCase().matchAll(/[\p{L}\p{M}]+/gu)) {
    if (seen.has(word)) continue
    seen.add(word)
    for (const char of word) if (scriptOfLetter(char) !== null) letters++
  }
  return letters
}

function pack(blocks: readonly string[]): string[] {
  const chunks: string[] = []
  let open = ''
  for (const piece of blocks.map((block) => block.replace(/\s+/g, ' ').trim()).flatMap(pieces)) {
    if (open !== '' && Buffer.byteLength(open) + Buffer.byteLength(piece) >= CHUNK_BYTES) {
      chunks.push(open)
      open = ''
    }
    open = open === '' ? piece : `${open}\n${piece}`
  }
  return open === '' ? chunks : [...chunks, open]
}

/** One block in pieces of at most `CHUNK_BYTES` of UTF-8. */
function pieces(block: string): string[] {
  if (Buffer.byteLength(block) <= CHUNK_BYTES) return block === '' ? [] : [block]
  const found: string[] = []
  let open = ''
  for (const word of block.split(/(?<= )/)) {
    for (const part of Buffer.byteLength(word) > CHUNK_BYTES ? slices(word) : [word]) {
      if (open !== '' && Buffer.byteLength(open) + Buffer.byteLength(part) > CHUNK_BYTES) {
        found.push(open)
        open = ''
      }
      open += part
    }
  }
  return open === '' ? found : [...found, open]
}

/** A run without spaces (Thai, Chinese) by characters; four bytes is the longest. */
function slices(word: string): string[] {
  const chars = Array.from(word)
  const size = CHUNK_BYTES / 4
  return Array.from({ length: Math.ceil(chars.length / size) }, (_, index) =>
    chars.slice(index * size, (index + 1) * size).join(''),
  )
}

function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]).filter(
    (item) => item !== undefined,
  )
}

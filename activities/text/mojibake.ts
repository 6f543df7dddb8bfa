/**
 * Single-byte encodings as which UTF-8 is misread in practice. Listed by how often that happens; the first that
 * mends a text wins.
 */
const MISREAD_AS = [
  'windows-1252',
  'windows-1251',
  'windows-1250',
  'windows-1254',
  'windows-1253',
  'windows-1256',
  'koi8-r',
  'ibm866',
]

const MAX_LAYERS = 2

const encoders = new Map<string, Map<string, number>>()

/**
 * Undoes UTF-8 that was read as a single-byte encoding (`Ð¡Ð¾Ð±Ð°ÐºÐ°`, `РЎРѕР±Р°РєР°`). The text changes only when the
 * whole of it turns back into valid UTF-8, that makes it shorter, and what comes out is letters of a writing system,
 * not symbols; else it is returned as it is.
 */
export function mendMojibake(text: string): string {
  let mended = text
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const next = MISREAD_AS.map((label) => misread(mended, label)).find((each) => each !== null)
    if (next === undefined || next === null) return mended
    mended = next
  }
  return mended
}

/** The text that was misread, null when it was not (by this encoding). */
function misread(text: string, label: string): string | null {
  const bytes = encode(text, label)
  if (bytes === null) return null
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return isClearlyBetter(text, decoded) ? decoded : null
  } catch {
    // Not valid UTF-8: the text was never misread this way.
    return null
  }
}

/** Bytes that this encoding reads as the text; null when it cannot, or when all are ASCII. */
function encode(text: string, label: string): Uint8Array | null {
  const table = encoder(label)
  const bytes = new Uint8Array(text.length)
  let high = false
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index)
    const byte = char <= '\x7f' ? char.charCodeAt(0) : table.get(char)
    if (byte === undefined) return null
    bytes[index] = byte
    high ||= byte > 0x7f
  }
  return high ? bytes : null
}

/** A text all of letters may be a word as it stands; then only a longer run of sequences speaks for mojibake. */
const MIN_SEQUENCES_OF_LETTERS = 4

/** Nothing unassigned or invisible, at least half of the new characters letters, marks or punctuation, and shorter. */
function isClearlyBetter(before: string, after: string): boolean {
  if (/[[\p{Cc}--[\t\n\r]]\p{Co}\p{Cn}\uFFFD]/v.test(after)) return false
  const fresh = after.match(/[^\0-\x7f]/gu) ?? []
  const old = before.match(/[^\0-\x7f]/gu) ?? []
  const readable = fresh.filter((char) => /[\p{L}\p{M}\p{P}]/u.test(char)).length
  const wasWords = old.every((char) => /\p{L}/u.test(char))
  return readable * 2 >= fresh.length && (!wasWords || fresh.length >= MIN_SEQUENCES_OF_LETTERS)
}

/** Character -> byte above 0x7F. */
function encoder(label: string): Map<string, number> {
  const known = encoders.get(label)
  if (known !== undefined) return known
  const decoder = new TextDecoder(label)
  const table = new Map<string, number>()
  for (let byte = 0x80; byte <= 0xff; byte++) {
    const char = decoder.decode(Uint8Array.of(byte))
    if (char !== '\uFFFD') table.set(char, byte)
    // Bytes that the encoding leaves open come through as C1 controls.
    if (!table.has(String.fromCharCode(byte)) && byte < 0xa0) table.set(String.fromCharCode(byte), byte)
  }
  encoders.set(label, table)
  return table
}

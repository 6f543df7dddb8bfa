/** IPTC-IIM data sets that are read: record 2:116 is the copyright notice, 1:90 the coded character set. */
const TAG_MARKER = 0x1c
const COPYRIGHT_NOTICE = 2 * 256 + 116
const CODED_CHARACTER_SET = 1 * 256 + 90
const UTF8_ESCAPE = [0x1b, 0x25, 0x47]
/** Photoshop image resource that holds the IIM block. */
const RESOURCE_IPTC = 0x0404
const RESOURCE_SIGNATURE = 0x3842494d // 8BIM
const PHOTOSHOP_HEADER = 'Photoshop 3.0\0'

/** The copyright notice of an IPTC block (bare IIM, or inside Photoshop image resources); null when none. */
export function iptcCopyright(block: Uint8Array): string | null {
  const iim = iimBlock(block)
  let utf8 = false
  let at = 0
  while (at + 5 <= iim.length && iim[at] === TAG_MARKER) {
    const tag = iim[at + 1]! * 256 + iim[at + 2]!
    const length = iim[at + 3]! * 256 + iim[at + 4]!
    // The high bit marks an extended length, which no text data set needs.
    if (length >= 0x8000) return null
    const value = iim.subarray(at + 5, at + 5 + length)
    if (tag === CODED_CHARACTER_SET) utf8 = UTF8_ESCAPE.every((byte, index) => value[index] === byte)
    if (tag === COPYRIGHT_NOTICE) return decode(value, utf8)
    at += 5 + length
  }
  return null
}

/** Walks the Photoshop resources to the IIM one; a block without them is taken as IIM itself. */
function iimBlock(block: Uint8Array): Uint8Array {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const header = String.fromCharCode(...block.subarray(0, PHOTOSHOP_HEADER.length))
  let at = header === PHOTOSHOP_HEADER ? PHOTOSHOP_HEADER.length : 0
  while (at + 12 <= block.length && view.getUint32(at) === RESOURCE_SIGNATURE) {
    const id = view.getUint16(at + 4)
    // A Pascal string, padded with its length byte to an even size.
    const nameEnd = at + 6 + evenUp(1 + block[at + 6]!)
    if (nameEnd + 4 > block.length) break
    const size = view.getUint32(nameEnd)
    const start = nameEnd + 4
    if (id === RESOURCE_IPTC) return block.subarray(start, start + size)
    at = start + evenUp(size)
  }
  return block
}

function evenUp(size: number): number {
  return size + (size % 2)
}

/** Undeclared text is read as UTF-8 where it is that, else as Latin-1, as writers do. */
function decode(value: Uint8Array, utf8: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: !utf8 }).decode(value)
  } catch {
    return new TextDecoder('latin1').decode(value)
  }
}

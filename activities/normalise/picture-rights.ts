import { SaxesParser, type SaxesTagNS } from 'saxes'
import { iptcCopyright } from './iptc.ts'

/** What a picture's own metadata says about its use. */
export interface PictureRights {
  /** PLUS data mining term without its vocabulary prefix, for example `DMI-PROHIBITED`; null when none. */
  data_mining: string | null
  /** xmpRights:WebStatement, else cc:license, else dc:rights, else the IPTC copyright notice; null when none. */
  licence: string | null
}

const NS = {
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  plus: 'http://ns.useplus.org/ldf/xmp/1.0/',
  xmpRights: 'http://ns.adobe.com/xap/1.0/rights/',
  cc: 'http://creativecommons.org/ns#',
  dc: 'http://purl.org/dc/elements/1.1/',
} as const

/** Properties that are read, by namespace and local name. */
const PROPERTIES = new Map<string, keyof XmpValues>([
  [`${NS.plus}DataMining`, 'dataMining'],
  [`${NS.xmpRights}WebStatement`, 'webStatement'],
  [`${NS.cc}license`, 'ccLicense'],
  [`${NS.dc}rights`, 'dcRights'],
])
type XmpValues = Partial<Record<'dataMining' | 'webStatement' | 'ccLicense' | 'dcRights', string>>

/** Real packets have a few kilobytes, most of it padding; more than this is not read. */
const MAX_XMP_BYTES = 1 << 20
const MAX_XMP_DEPTH = 64
const MAX_VALUE_CHARS = 1_000

/** Reads rights from raw XMP and IPTC blocks, linearly; damaged blocks give what stood before the damage. */
export function readPictureRights(xmp: Uint8Array | null, iptc: Uint8Array | null): PictureRights {
  const values = xmp === null || xmp.length > MAX_XMP_BYTES ? {} : readXmp(decodeXmp(xmp))
  const licence = values.webStatement ?? values.ccLicense ?? values.dcRights ?? (iptc && iptcCopyright(iptc)) ?? null
  return { data_mining: dataMiningTerm(values.dataMining), licence: licence === null ? null : cleanValue(licence) }
}

/** The PLUS data mining value of an XMP block: as it stands, and without its vocabulary; null when there is none. */
export function readDataMining(xmp: Uint8Array): { raw: string; term: string } | null {
  const value = xmp.length > MAX_XMP_BYTES ? undefined : readXmp(decodeXmp(xmp)).dataMining
  const term = dataMiningTerm(value)
  return term === null ? null : { raw: cleanValue(value ?? '') ?? '', term }
}

function dataMiningTerm(value: string | undefined): string | null {
  const term = cleanValue(value ?? '')
  return term === null ? null : term.slice(Math.max(term.lastIndexOf('/'), term.lastIndexOf(':')) + 1) || null
}

/** Packets are UTF-8, or UTF-16 with a byte order mark. */
function decodeXmp(bytes: Uint8Array): string {
  const label =
    bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(label).decode(bytes)
}

/**
 * The first value of each property: an attribute of rdf:Description, an rdf:resource, or the first text inside
 * (of a language alternative the first entry, which by the XMP rules is `x-default`).
 */
function readXmp(xml: string): XmpValues {
  const values: XmpValues = {}
  const path: (keyof XmpValues | null)[] = []
  let text = ''
  const keep = (name: keyof XmpValues | null | undefined, value: string) => {
    if (name && values[name] === undefined && value.trim() !== '') values[name] = value.trim().slice(0, MAX_VALUE_CHARS)
  }
  const parser = new SaxesParser({ xmlns: true })
  // A document type could define entities; no XMP packet has one.
  parser.on('doctype', () => stop('document type'))
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', (tag) => {
    if (path.length >= MAX_XMP_DEPTH) stop('depth')
    const inherited = path.at(-1) ?? null
    const own = PROPERTIES.get(tag.uri + tag.local) ?? inherited
    path.push(own)
    text = ''
    readAttributes(tag, own, keep)
  })
  parser.on('text', (part) => {
    if (path.at(-1) && text.length < MAX_VALUE_CHARS) text += part
  })
  parser.on('closetag', () => {
    keep(path.pop(), text)
    text = ''
  })
  try {
    parser.write(xml).close()
  } catch {
    // Hostile or damaged: what was read before stands, a reservation above all.
  }
  return values
}

function readAttributes(
  tag: SaxesTagNS,
  own: keyof XmpValues | null,
  keep: (name: keyof XmpValues | null | undefined, value: string) => void,
): void {
  for (const attribute of Object.values(tag.attributes)) {
    keep(PROPERTIES.get(attribute.uri + attribute.local), attribute.value)
    if (attribute.uri === NS.rdf && attribute.local === 'resource') keep(own, attribute.value)
  }
}

function stop(what: string): never {
  throw new Error(`xmp refused: ${what}`)
}

/** Well-formed, without NUL, white space collapsed; null when nothing is left. */
function cleanValue(value: string): string | null {
  // oxlint-disable-next-line no-control-regex
  const clean = value
    .toWellFormed()
    .replace(/[\u0000-\u0020\u007f\u00a0]+/g, ' ')
    .trim()
    .slice(0, MAX_VALUE_CHARS)
  return clean === '' ? null : clean.toWellFormed()
}

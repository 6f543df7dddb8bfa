import { promisify, TextDecoder } from 'node:util'
import { gunzip } from 'node:zlib'
import { SaxesParser } from 'saxes'
import { canonicalUrl, MAX_URL_LENGTH } from './canonical-url.ts'

/** Limits of the sitemap protocol. */
export const MAX_SITEMAP_BYTES = 50 * 1024 * 1024
const MAX_SITEMAP_URLS = 50_000

/** Elements open at once: a sitemap has four, image and video extensions six. */
const MAX_DEPTH = 32

/** Markup faults that are passed over before the rest of a file is not read. */
const MAX_FAULTS = 1000

const CHUNK_BYTES = 64 * 1024

export type Sitemap =
  | { kind: 'urls' | 'index'; urls: string[]; truncated: boolean }
  | { kind: 'invalid'; reason: 'too_large' | 'broken_gzip' | 'doctype' | 'not_a_sitemap' }

const unzip = promisify(gunzip)

/**
 * Reads a sitemap, sitemap index or text sitemap, gzipped or not. URLs are canonical, each once, in order of the file,
 * at most 50,000; relative ones are taken against `url`. No DTD, no entities but XML's own; memory stays bounded by
 * the file. Never throws for what the file holds.
 */
export async function readSitemap(file: Uint8Array, url: string): Promise<Sitemap> {
  if (file.length > MAX_SITEMAP_BYTES) return { kind: 'invalid', reason: 'too_large' }
  const plain = await unpack(file)
  if ('reason' in plain) return plain
  const decoder = decoderFor(plain.bytes)
  const isXml = /^[\s\ufeff]*</.test(decoder().decode(plain.bytes.subarray(0, 1000)))
  return isXml ? readXml(plain.bytes, decoder(), url) : readText(decoder().decode(plain.bytes), url)
}

async function unpack(file: Uint8Array): Promise<{ bytes: Uint8Array } | Extract<Sitemap, { kind: 'invalid' }>> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return { bytes: file }
  try {
    return { bytes: await unzip(file, { maxOutputLength: MAX_SITEMAP_BYTES }) }
  } catch (error) {
    const isLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return { kind: 'invalid', reason: isLarge ? 'too_large' : 'broken_gzip' }
  }
}

/** By byte order mark, else by the XML declaration, else UTF-8. */
function decoderFor(bytes: Uint8Array): () => TextDecoder {
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1')
  const declared = /^\s*<\?xml[^>]{0,150}?encoding\s{0,5}=\s{0,5}["']([A-Za-z0-9_-]{1,40})/.exec(head)?.[1]
  const marked = head.startsWith('\u00ff\u00fe') ? 'utf-16le' : head.startsWith('\u00fe\u00ff') ? 'utf-16be' : null
  const label = marked ?? declared ?? 'utf-8'
  return () => {
    try {
      return new TextDecoder(label)
    } catch {
      return new TextDecoder() // a label that no standard knows
    }
  }
}

/** The URLs found so far. */
class UrlList {
  readonly urls = new Set<string>()
  truncated = false
  readonly #base: string

  constructor(base: string) {
    this.#base = base
  }

  add(text: string): void {
    const found = canonicalUrl(text.trim(), this.#base)
    if (!found.ok) return
    if (this.urls.size < MAX_SITEMAP_URLS) this.urls.add(found.url)
    else this.truncated = true
  }
}

function readText(text: string, base: string): Sitemap {
  const list = new UrlList(base)
  for (const line of text.split(/\r\n|\n|\r/)) if (/^\s*https?:\/\//i.test(line)) list.add(line)
  if (list.urls.size === 0) return { kind: 'invalid', reason: 'not_a_sitemap' }
  return { kind: 'urls', urls: [...list.urls], truncated: list.truncated }
}

/** Ends parsing early; the only exception that leaves the parser. */
class Stop extends Error {}

function readXml(bytes: Uint8Array, decoder: TextDecoder, base: string): Sitemap {
  const list = new UrlList(base)
  const state = { root: '', open: [] as string[], text: null as string | null, faults: 0, hasDoctype: false }
  const parser = new SaxesParser({ xmlns: false, position: false })
  parser.on('doctype', () => {
    state.hasDoctype = true
    throw new Stop()
  })
  parser.on('error', () => {
    state.faults += 1
    if (state.faults > MAX_FAULTS) throw new Stop()
  })
  parser.on('opentag', ({ name }) => {
    state.open.push(localName(name))
    if (state.open.length > MAX_DEPTH) throw new Stop()
    state.root ||= localName(name)
    state.text = isLocation(state.open) ? '' : null
  })
  const onText = (text: string) => {
    if (state.text !== null && state.text.length < MAX_URL_LENGTH * 2) state.text += text
  }
  parser.on('text', onText)
  parser.on('cdata', (text) => onText(text.replaceAll('&amp;', '&')))
  parser.on('closetag', () => {
    if (state.text !== null && isLocation(state.open)) list.add(state.text)
    state.open.pop()
    if (list.truncated) throw new Stop()
  })
  feed(parser, bytes, decoder)
  if (state.hasDoctype) return { kind: 'invalid', reason: 'doctype' }
  if (state.root !== 'urlset' && state.root !== 'sitemapindex') return { kind: 'invalid', reason: 'not_a_sitemap' }
  const kind = state.root === 'urlset' ? 'urls' : 'index'
  return { kind, urls: [...list.urls], truncated: list.truncated }
}

function feed(parser: SaxesParser, bytes: Uint8Array, decoder: TextDecoder): void {
  let held = ''
  try {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const text = held + decoder.decode(bytes.subarray(at, at + CHUNK_BYTES), { stream: true })
      const end = endOfWholeReferences(text)
      held = text.slice(end)
      parser.write(escapeBareAmpersands(text.slice(0, end)))
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
  }
}

/**
 * A `&` that starts no reference of XML's own, as many sites write it in the query of a URL. A parser would take all
 * text up to the next semicolon for the name of an entity.
 */
function escapeBareAmpersands(text: string): string {
  return text.replace(/&(?!(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)/g, '&amp;')
}

/** Where a reference may be cut by the end of a chunk; the longest has ten characters. */
function endOfWholeReferences(text: string): number {
  const ampersand = text.lastIndexOf('&')
  return ampersand >= 0 && ampersand > text.length - 10 ? ampersand : text.length
}

/** `urlset > url > loc` and `sitemapindex > sitemap > loc`; the `loc` of an image extension is deeper. */
function isLocation(open: string[]): boolean {
  const path = open.join('>')
  return path === 'urlset>url>loc' || path === 'sitemapindex>sitemap>loc'
}

const localName = (name: string) => name.slice(name.indexOf(':') + 1).toLowerCase()

import sniffHtmlEncoding from 'html-encoding-sniffer'

/** The standard's prescan looks this far; a declaration behind it makes a browser's parser start again. */
const PRESCAN_BYTES = 1024

/** How far we look for such a late declaration. */
const LATE_META_BYTES = 65_536

/** What browsers assume of a page that says nothing, in most locales. */
const FALLBACK = 'windows-1252'

/**
 * Names the encoding of an HTML document (WHATWG name). Order: BOM, `charset` of the content type, `meta` within
 * 1,024 bytes (html.spec.whatwg.org, "determining the character encoding"); then UTF-8 when the bytes above 0x7F are
 * strictly valid UTF-8, then a later `meta` (the parser's change of encoding), else windows-1252. Labels that are
 * not known count as absent. Never throws.
 */
export function sniffEncoding(bytes: Uint8Array, contentType: string | null): string {
  const declared = sniff(bytes, PRESCAN_BYTES, charsetParameter(contentType))
  if (declared !== '') return declared
  if (isStrictUtf8(bytes)) return 'UTF-8'
  const late = sniff(bytes, LATE_META_BYTES, undefined)
  return late === '' ? FALLBACK : late
}

/** Decodes an HTML document by `sniffEncoding`; malformed bytes become U+FFFD, a BOM is dropped. Never throws. */
export function decodeHtml(bytes: Uint8Array, contentType: string | null): string {
  const encoding = sniffEncoding(bytes, contentType)
  return new TextDecoder(isDecodable(encoding) ? encoding : FALLBACK).decode(bytes)
}

function sniff(bytes: Uint8Array, maxPrescanBytes: number, label: string | undefined): string {
  const options = { defaultEncoding: '', maxPrescanBytes }
  return sniffHtmlEncoding(bytes, label === undefined ? options : { ...options, transportLayerEncodingLabel: label })
}

/** `text/html; Charset="utf-8"` -> `utf-8`. The first `charset` parameter wins, as in the MIME Sniffing standard. */
function charsetParameter(contentType: string | null): string | undefined {
  for (const part of (contentType ?? '').split(';').slice(1)) {
    const equals = part.indexOf('=')
    if (equals === -1 || part.slice(0, equals).trim().toLowerCase() !== 'charset') continue
    return part
      .slice(equals + 1)
      .replaceAll('"', '')
      .trim()
  }
  return undefined
}

/** True when the bytes hold a sequence above 0x7F and all are valid UTF-8; a last one that is cut short is forgiven. */
function isStrictUtf8(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return /[^\0-\x7f]/.test(text)
  } catch {
    // Not UTF-8: the exception is the answer.
    return false
  }
}

/** `replacement` and `x-user-defined` have no decoder outside browsers. */
function isDecodable(encoding: string): boolean {
  return encoding !== 'replacement' && encoding !== 'x-user-defined'
}

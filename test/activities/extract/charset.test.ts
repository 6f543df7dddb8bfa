import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeHtml, sniffEncoding } from '../../../activities/extract/charset.ts'

interface EncodingCase {
  dataBase64: string
  encoding: string
}

const VECTORS = new URL('../../../../shared/conformance/encoding-html5lib.json', import.meta.url)
const cases = (JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: EncodingCase[] }).cases

const utf8 = (text: string) => new TextEncoder().encode(text)
const byLabel = (label: string) => new TextDecoder(label).encoding

describe('sniffEncoding', () => {
  test('names the encoding of every html5lib case, late declarations included', () => {
    const wrong = cases.filter(
      ({ dataBase64, encoding }) =>
        byLabel(sniffEncoding(Buffer.from(dataBase64, 'base64'), null)) !== byLabel(encoding),
    )
    expect(wrong).toEqual([])
    expect(cases).toHaveLength(82)
  })

  test('takes a BOM before the content type and the content type before a meta', () => {
    const meta = '<meta charset=iso-8859-2>'
    expect(
      sniffEncoding(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8(meta)]), 'text/html; charset=koi8-r'),
    ).toBe('UTF-8')
    expect(sniffEncoding(utf8(meta), 'text/html; Charset="koi8-r"; charset=utf-8')).toBe('KOI8-R')
    expect(sniffEncoding(utf8(meta), 'text/html; charset=no-such-label')).toBe('ISO-8859-2')
  })

  test('takes undeclared strict UTF-8 for UTF-8 and other undeclared bytes for windows-1252', () => {
    expect(sniffEncoding(utf8('<p>Žába ضفدع'), 'text/html')).toBe('UTF-8')
    expect(sniffEncoding(Buffer.from('<p>caf\xe9', 'latin1'), 'text/html')).toBe('windows-1252')
    expect(sniffEncoding(utf8('<p>plain'), null)).toBe('windows-1252')
  })

  test('forgives a last UTF-8 sequence that the body limit cut', () => {
    expect(sniffEncoding(utf8('<p>Žáb á').subarray(0, -1), null)).toBe('UTF-8')
  })
})

describe('decodeHtml', () => {
  test('decodes by the declared encoding and drops the BOM', () => {
    expect(decodeHtml(Buffer.from([0xcf, 0xf0, 0xe8]), 'text/html; charset=windows-1251')).toBe('При')
    expect(decodeHtml(Buffer.from([0xef, 0xbb, 0xbf, 0x61]), null)).toBe('a')
  })

  test('decodes labels without a decoder as windows-1252', () => {
    expect(decodeHtml(Buffer.from([0x61, 0xe9]), 'text/html; charset=hz-gb-2312')).toBe('aé')
  })
})

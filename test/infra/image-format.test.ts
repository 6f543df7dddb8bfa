import { expect, test } from 'vitest'
import { sniffImageFormat } from '../../infra/image-format.ts'
import { aRaster, sharpOf } from '../builders/pictures.ts'

const small = () => sharpOf(aRaster({ width: 8, height: 8 }))

test.each([
  ['jpeg', () => small().jpeg()],
  ['png', () => small().png()],
  ['webp', () => small().webp()],
  ['gif', () => small().gif()],
  ['avif', () => small().avif()],
] as const)('tells %s from its first bytes', async (format, make) => {
  expect(sniffImageFormat(await make().toBuffer())).toBe(format)
})

test('tells avif from a brand that stands after the major one', () => {
  expect(sniffImageFormat(ftyp('mif1', ['miaf', 'avif']))).toBe('avif')
})

test('takes a HEIC file, a brand behind the end of its box and a lying box size for unsupported', () => {
  expect(sniffImageFormat(ftyp('heic', ['mif1', 'heic']))).toBeNull()
  expect(sniffImageFormat(Buffer.concat([ftyp('heic', []), Buffer.from('avif')]))).toBeNull()
  const lying = ftyp('heic', [])
  lying.writeUInt32BE(0xffffffff, 0)
  expect(sniffImageFormat(lying)).toBeNull()
})

test.each([
  ['nothing', ''],
  ['one byte', '\xff'],
  ['html', '<html><body></body></html>'],
  ['svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['pdf', '%PDF-1.7 ........'],
  ['tiff', 'II*\0........'],
  ['bmp', 'BM..............'],
  ['another RIFF file', 'RIFF....WAVEfmt '],
])('takes %s for unsupported', (_, text) => {
  expect(sniffImageFormat(Buffer.from(text, 'latin1'))).toBeNull()
})

function ftyp(major: string, compatible: string[]): Buffer {
  const box = Buffer.from(`....ftyp${major}\0\0\0\0${compatible.join('')}`, 'latin1')
  box.writeUInt32BE(box.length, 0)
  return box
}

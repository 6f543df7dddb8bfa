import { crc32, deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { pictureSignals } from '../../../activities/crawl/picture-signals.ts'
import { aRaster, sharpOf } from '../../builders/pictures.ts'

const VOCABULARY = 'http://ns.useplus.org/ldf/vocab/'
const packet = (term: string, prefix = 'plus') =>
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  `<rdf:Description xmlns:${prefix}="http://ns.useplus.org/ldf/xmp/1.0/"><${prefix}:DataMining>${VOCABULARY}${term}</${prefix}:DataMining>` +
  '</rdf:Description></rdf:RDF></x:xmpmeta>'
const raster = () => sharpOf(aRaster({ width: 40, height: 30 }))
const told = (bytes: Uint8Array) => pictureSignals(Buffer.from(bytes)).map(({ value }) => value)

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const out = Buffer.alloc(8 + body.length)
  out.writeUInt32BE(data.length)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), 4 + body.length)
  return out
}

async function pngWith(text: Buffer): Promise<Buffer> {
  const png = await raster().png().toBuffer()
  // Behind the signature and the header chunk.
  return Buffer.concat([png.subarray(0, 33), pngChunk('iTXt', text), png.subarray(33)])
}

test.each(['jpeg', 'png', 'webp', 'avif'] as const)('reads the term from a %s', async (format) => {
  const bytes = await raster().withXmp(packet('DMI-PROHIBITED')).toFormat(format).toBuffer()
  expect(pictureSignals(bytes)).toEqual([
    {
      signal: 'data-mining',
      value: 'DMI-PROHIBITED',
      raw: `plus:DataMining: ${VOCABULARY}DMI-PROHIBITED`,
      where: 'picture',
      agent: null,
    },
  ])
  expect(told(await raster().toFormat(format).toBuffer())).toEqual([])
})

test('reads a compressed packet of a PNG, and no bomb', async () => {
  const head = Buffer.from('XML:com.adobe.xmp\0\u0001\0\0\0')
  const small = await pngWith(Buffer.concat([head, deflateSync(packet('DMI-PROHIBITED-AIMLTRAINING', 'p'))]))
  expect(told(small)).toEqual(['DMI-PROHIBITED-AIMLTRAINING'])
  const bomb = await pngWith(Buffer.concat([head, deflateSync(packet('DMI-PROHIBITED') + ' '.repeat(64 << 20))]))
  expect(told(bomb)).toEqual([])
})

test('a packet before it, or one cut short, does not hide it', () => {
  const other = packet('x').replaceAll('ns.useplus.org', 'other.example')
  expect(told(Buffer.from(`${other}\u0000junk${packet('DMI-ALLOWED')}`))).toEqual(['DMI-ALLOWED'])
  const cut = packet('DMI-PROHIBITED')
  expect(told(Buffer.from(cut.slice(0, cut.indexOf('</rdf:Description>'))))).toEqual(['DMI-PROHIBITED'])
  expect(told(Buffer.from(packet('DMI-ALLOWED') + packet('DMI-PROHIBITED')))).toEqual(['DMI-ALLOWED', 'DMI-PROHIBITED'])
})

test('a namespace that stands everywhere costs no more than the file is long', () => {
  const bytes = Buffer.from('http://ns.useplus.org/ldf/xmp/1.0/'.repeat(300_000))
  expect(told(bytes)).toEqual([])
})

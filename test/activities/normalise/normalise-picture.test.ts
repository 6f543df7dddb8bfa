import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { normalisePicture } from '../../../activities/normalise/normalise-picture.ts'
import { hammingDistance } from '../../../activities/normalise/pdq.ts'
import { createImages, type Raster } from '../../../infra/images.ts'
import type { NormaliseFact } from '../../../schema/contracts/facts.ts'
import { aRaster, pngClaiming, rgbaPng, sharpOf } from '../../builders/pictures.ts'

const images = await createImages()
const config = { format: 'jpeg', quality: 90, background: '#ffffff', max_side: 256 } as const
type GoodFact = Extract<NormaliseFact, { ok: true }>

async function factOf(bytes: Uint8Array, changes: Partial<Parameters<typeof normalisePicture>[1]> = {}) {
  const { fact } = await normalisePicture(bytes, { ...config, ...changes }, images)
  if (!fact.ok) throw new Error(fact.reason)
  return fact
}

function withoutReleased(fact: GoodFact) {
  return { ...fact, released: null }
}

test('finds the same in a picture whatever format, quality and size it is released in', async () => {
  const bytes = await sharpOf(aRaster({ width: 400 }))
    .webp({ lossless: true })
    .toBuffer()
  const base = await factOf(bytes)
  const others = [
    await factOf(bytes, { format: 'webp' }),
    await factOf(bytes, { quality: 40 }),
    await factOf(bytes, { max_side: 64 }),
    await factOf(bytes, { background: '#123456' }),
  ]
  expect(others.map(withoutReleased)).toEqual(others.map(() => withoutReleased(base)))
  expect(new Set([base, ...others].map(({ released }) => released.sha256)).size).toBe(4)
})

test.each([64, 256, 1024])('gives the memory of every raster back, released at %i pixels', async (max_side) => {
  const rasters: Raster[] = []
  const watched = {
    ...images,
    decode: async (...args: Parameters<typeof images.decode>) => {
      const raster = await images.decode(...args)
      rasters.push(raster)
      return raster
    },
  }
  const bytes = await sharpOf(aRaster({ width: 400 }))
    .png()
    .toBuffer()
  await normalisePicture(bytes, { ...config, max_side }, watched)
  expect(rasters.map(({ data }) => data.length)).toEqual([0])
})

test('describes the released bytes that it gives', async () => {
  const bytes = await sharpOf(aRaster({ width: 400 }))
    .png()
    .toBuffer()
  const { fact, released } = await normalisePicture(bytes, config, images)
  const { width, height } = await sharp(released!).metadata()
  expect(fact).toMatchObject({
    ok: true,
    format: 'png',
    width: 400,
    height: 200,
    bytes: bytes.length,
    frames: 1,
    has_alpha: false,
    released: {
      sha256: createHash('sha256').update(released!).digest('hex'),
      width: 256,
      height: 128,
      bytes: released!.length,
    },
  })
  expect([width, height]).toEqual([256, 128])
})

test('turns a picture upright before it measures and releases it', async () => {
  const raster = aRaster({ width: 120, height: 80 })
  const upright = await sharpOf(raster).png().toBuffer()
  const lying = await sharpOf(raster).rotate(270).withMetadata({ orientation: 6 }).png().toBuffer()
  const [a, b] = [await factOf(upright), await factOf(lying)]
  expect({ ...withoutReleased(b), bytes: 0 }).toEqual({ ...withoutReleased(a), bytes: 0 })
  expect(b.released).toEqual(a.released)
})

test('hashes and releases a transparent picture as it looks on the background', async () => {
  const raster = aRaster({ width: 64, height: 48 })
  const pixels = Array.from({ length: 64 * 48 }, (_, at) => [
    ...raster.data.subarray(3 * at, 3 * at + 3),
    at % 64 < 20 && at < 64 * 20 ? 0 : 255,
  ])
  const transparent = await rgbaPng(64, 48, pixels.flat())
  const flat = pixels.map(([r, g, b, alpha]) => (alpha === 0 ? [255, 255, 255] : [r!, g!, b!])).flat()
  const opaque = await sharpOf({ ...raster, data: Uint8Array.from(flat) })
    .png()
    .toBuffer()
  const [a, b] = [await factOf(transparent), await factOf(opaque)]
  expect([a.has_alpha, b.has_alpha]).toEqual([true, false])
  expect([a.pdq, a.released]).toEqual([b.pdq, b.released])
  expect(hammingDistance(a.pdq, (await factOf(transparent, { background: '#000000' })).pdq)).toBeGreaterThan(20)
})

test('strips the place where a picture was taken and keeps what its metadata says of its use', async () => {
  const xmp =
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    '<rdf:Description xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" ' +
    'plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING" xmpRights:WebStatement="https://a.example/"/>' +
    '</rdf:RDF></x:xmpmeta>'
  const bytes = await sharpOf(aRaster())
    .withExif({ IFD0: { Copyright: 'someone' }, IFD3: { GPSLatitude: '51/1 30/1 3230/100' } })
    .withXmp(xmp)
    .jpeg()
    .toBuffer()
  const { fact, released } = await normalisePicture(bytes, config, images)
  expect(fact).toMatchObject({ data_mining: 'DMI-PROHIBITED-AIMLTRAINING', licence: 'https://a.example/' })
  expect((await sharp(bytes).metadata()).exif).toBeInstanceOf(Buffer)
  const { exif, xmp: left } = await sharp(released!).metadata()
  expect([exif, left]).toEqual([undefined, undefined])
})

test.each([
  ['unsupported_format', () => Promise.resolve(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))],
  ['unsupported_format', () => sharpOf(aRaster()).tiff().toBuffer()],
  ['unsupported_format', () => Promise.resolve(Buffer.alloc(0))],
  ['undecodable', async () => (await sharpOf(aRaster()).jpeg().toBuffer()).subarray(0, 3000)],
  ['undecodable', () => Promise.resolve(pngClaiming(100, 100))],
  ['too_many_pixels', () => Promise.resolve(pngClaiming(30_000, 30_000))],
] as const)('gives the reason %s as a value', async (reason, make) => {
  const result = await normalisePicture(await make(), config, images)
  expect(result).toEqual({ fact: { ok: false, reason }, released: null })
})

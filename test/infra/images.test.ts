import sharp from 'sharp'
import { expect, test } from 'vitest'
import { decodeError } from '../../infra/image-error.ts'
import { MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE, createImages } from '../../infra/images.ts'
import { aRaster, pngClaiming, rgbaPng, sharpOf } from '../builders/pictures.ts'

const images = await createImages()
const flat = { orient: true, background: '#ffffff', useProfile: true }
const decode = async (bytes: Uint8Array, options: Parameters<typeof images.decode>[1]) =>
  images.decode(await images.open(bytes), options)
const jpeg = { format: 'jpeg', quality: 90, maxSide: 1024 } as const

test('decodes to three bytes a pixel whatever the colour mode of the file', async () => {
  const grey = sharpOf(aRaster({ width: 9, height: 7 }))
    .greyscale()
    .png()
  const cmyk = sharpOf(aRaster({ width: 9, height: 7 }))
    .toColourspace('cmyk')
    .jpeg()
  const deep = sharpOf(aRaster({ width: 9, height: 7 }))
    .toColourspace('rgb16')
    .png()
  const rasters = await Promise.all([grey, cmyk, deep].map(async (each) => decode(await each.toBuffer(), flat)))
  expect(rasters.map(({ data, width, height }) => [width, height, data.length])).toEqual([
    [9, 7, 189],
    [9, 7, 189],
    [9, 7, 189],
  ])
})

test('lays transparent pixels on the background, rounding to nearest', async () => {
  const png = await rgbaPng(3, 1, [100, 10, 20, 0, 100, 10, 20, 255, 100, 10, 20, 128])
  const { data } = await decode(png, { ...flat, background: '#ff8000' })
  expect([...data]).toEqual([255, 128, 0, 100, 10, 20, 177, 69, 10])
})

test('lays a greyscale picture on a coloured background', async () => {
  const raw = { width: 2, height: 1, channels: 2 } as const
  const png = await sharp(Uint8Array.of(100, 0, 100, 255), { raw })
    .toColourspace('b-w')
    .png()
    .toBuffer()
  const { data } = await decode(png, { ...flat, background: '#ff0000' })
  expect([...data]).toEqual([255, 0, 0, 100, 100, 100])
})

test('drops the alpha channel where no background is given', async () => {
  const png = await rgbaPng(2, 1, [100, 10, 20, 0, 1, 2, 3, 255])
  const { data } = await decode(png, { ...flat, background: null })
  expect([...data]).toEqual([100, 10, 20, 1, 2, 3])
})

test('turns by the orientation tag only when asked to', async () => {
  const png = await sharp(Uint8Array.of(255, 0, 0, 0, 255, 0), { raw: { width: 2, height: 1, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer()
  const turned = await decode(png, flat)
  const stored = await decode(png, { ...flat, orient: false })
  expect([turned.width, turned.height, stored.width, stored.height]).toEqual([1, 2, 2, 1])
})

test('converts an embedded profile to sRGB only when asked to', async () => {
  const p3 = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } })
    .withIccProfile('p3')
    .png()
    .toBuffer()
  const converted = await decode(p3, flat)
  const stored = await decode(p3, { ...flat, useProfile: false })
  expect(converted.data[0]).toBeGreaterThan(250)
  expect(stored.data[0]).toBeLessThan(240)
})

test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('refuses a truncated %s file', async (format) => {
  const whole = await sharpOf(aRaster({ width: 64, height: 64 }))
    .toFormat(format)
    .toBuffer()
  const cut = whole.subarray(0, Math.floor(whole.length * 0.7))
  await expect(decode(cut, flat)).rejects.toMatchObject({ code: 'IMAGE_UNDECODABLE' })
})

test('reads a JPEG with stray bytes between its segments, as other readers do', async () => {
  const whole = await sharpOf(aRaster({ width: 16, height: 16 }))
    .jpeg()
    .toBuffer()
  const stray = Buffer.concat([whole.subarray(0, -2), Buffer.from('stray'), whole.subarray(-2)])
  expect(await decode(stray, flat)).toMatchObject({ width: 16, height: 16 })
})

test('opens only the allowed formats, and has the loaders of all others blocked', async () => {
  const tiff = await sharpOf(aRaster({ width: 8, height: 8 }))
    .tiff()
    .toBuffer()
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
  for (const bytes of [tiff, svg]) {
    await expect(images.open(bytes)).rejects.toMatchObject({ code: 'IMAGE_UNSUPPORTED_FORMAT' })
    await expect(sharp(bytes).metadata()).rejects.toThrow('unsupported image format')
  }
})

test.each([
  ['more pixels than the limit', 8_000, 6_251],
  ['one column of many rows', 1, 65_536],
])('refuses %s by what the header claims, before decoding', async (_, width, height) => {
  await expect(images.open(pngClaiming(width, height))).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'IMAGE_TOO_MANY_PIXELS',
    details: { width, height },
  })
})

test('opens claims up to the limits', async () => {
  expect(await images.open(pngClaiming(8_000, 6_250))).toMatchObject({ format: 'png' })
  expect(await images.open(pngClaiming(1, 65_535))).toMatchObject({ format: 'png' })
})

test('decodes the first frame of an animation and counts the others', async () => {
  const frames = Buffer.concat([1, 2, 3].map((seed) => aRaster({ width: 16, height: 10, seed }).data))
  const raw = { width: 16, height: 30, channels: 3, pageHeight: 10 } as const
  const gif = await sharp(frames, { raw }).gif({ loop: 0 }).toBuffer()
  expect(await images.open(gif)).toMatchObject({ format: 'gif', frames: 3 })
  expect(await decode(gif, flat)).toMatchObject({ width: 16, height: 10 })
})

test('shrinks to the longest side and never enlarges', async () => {
  const raster = aRaster({ width: 300, height: 200 })
  const small = await images.encode(raster, { ...jpeg, maxSide: 150 })
  const same = await images.encode(raster, { ...jpeg, maxSide: 3000 })
  expect([small.width, small.height, same.width, same.height]).toEqual([150, 100, 300, 200])
})

test('writes no metadata', async () => {
  const { bytes } = await images.encode(aRaster(), jpeg)
  const { exif, icc, iptc, xmp } = await sharp(bytes).metadata()
  expect({ exif, icc, iptc, xmp }).toEqual({ exif: undefined, icc: undefined, iptc: undefined, xmp: undefined })
})

test.each(['jpeg', 'webp', 'png'] as const)('writes the same %s bytes twice and at once', async (format) => {
  const raster = aRaster({ width: 700, height: 500 })
  const encode = () => images.encode(raster, { format, quality: 80, maxSide: 256 })
  const all = [await encode(), ...(await Promise.all([encode(), encode(), encode()]))]
  expect(all.map(({ bytes }) => bytes.equals(all[0]!.bytes))).toEqual([true, true, true, true])
})

test('refuses a background that is no colour', async () => {
  const png = await rgbaPng(1, 1, [0, 0, 0, 0])
  await expect(decode(png, { ...flat, background: '#fff' })).rejects.toMatchObject({ code: 'IMAGE_BAD_COLOUR' })
})

test('names every library of the encoder in its definition', () => {
  expect(images.definition()).toMatchObject({
    build: `${process.platform}-${process.arch}`,
    max_pixels: MAX_IMAGE_PIXELS,
    max_side: MAX_IMAGE_SIDE,
    versions: { mozjpeg: expect.any(String), sharp: expect.any(String), vips: expect.any(String) },
  })
})

test('keeps no pictures in memory and gives each one thread', () => {
  expect([sharp.cache(), sharp.concurrency()]).toMatchObject([{ memory: { max: 0 }, items: { max: 0 } }, 1])
})

test('does not decode past the limit even when the claims were not held against it', async () => {
  const bytes = pngClaiming(8_000, 7_000)
  const picture = { bytes, format: 'png', frames: 1, hasAlpha: false, xmp: null, iptc: null } as const
  await expect(images.decode(picture, flat)).rejects.toMatchObject({
    code: 'IMAGE_UNDECODABLE',
    details: { reason: 'Input image exceeds pixel limit' },
  })
})

test.each(['jpeg', 'png', 'webp', 'avif'] as const)('reads the XMP packet of a %s file', async (format) => {
  const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
  const bytes = await sharpOf(aRaster({ width: 16, height: 16 }))
    .withXmp(xmp)
    .toFormat(format)
    .toBuffer()
  expect(Buffer.from((await images.open(bytes)).xmp ?? []).toString()).toContain('adobe:ns:meta/')
})

test('blames the picture for what it is, and the machine for lack of memory', () => {
  expect(decodeError(new Error('VipsJpeg: premature end\nmore'))).toMatchObject({
    name: 'PermanentError',
    code: 'IMAGE_UNDECODABLE',
    details: { reason: 'VipsJpeg: premature end' },
  })
  expect(decodeError(new Error('vips_tracked: out of memory -- size == 144MB'))).toMatchObject({
    name: 'TransientError',
    code: 'IMAGE_OUT_OF_MEMORY',
  })
})

import sharp from 'sharp'
import { expect, test } from 'vitest'
import { MAX_IMAGE_PIXELS, createImages } from '../../infra/images.ts'
import { aRaster, pngClaiming, rgbaPng, sharpOf } from '../builders/pictures.ts'

const images = await createImages()
const flat = { orient: true, background: '#ffffff', useProfile: true }
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
  const rasters = await Promise.all([grey, cmyk, deep].map(async (each) => images.decode(await each.toBuffer(), flat)))
  expect(rasters.map(({ data, width, height }) => [width, height, data.length])).toEqual([
    [9, 7, 189],
    [9, 7, 189],
    [9, 7, 189],
  ])
})

test('lays transparent pixels on the background, rounding to nearest', async () => {
  const png = await rgbaPng(3, 1, [100, 10, 20, 0, 100, 10, 20, 255, 100, 10, 20, 128])
  const { data } = await images.decode(png, { ...flat, background: '#ff8000' })
  expect([...data]).toEqual([255, 128, 0, 100, 10, 20, 177, 69, 10])
})

test('lays a greyscale picture on a coloured background', async () => {
  const raw = { width: 2, height: 1, channels: 2 } as const
  const png = await sharp(Uint8Array.of(100, 0, 100, 255), { raw })
    .toColourspace('b-w')
    .png()
    .toBuffer()
  const { data } = await images.decode(png, { ...flat, background: '#ff0000' })
  expect([...data]).toEqual([255, 0, 0, 100, 100, 100])
})

test('drops the alpha channel where no background is given', async () => {
  const png = await rgbaPng(2, 1, [100, 10, 20, 0, 1, 2, 3, 255])
  const { data } = await images.decode(png, { ...flat, background: null })
  expect([...data]).toEqual([100, 10, 20, 1, 2, 3])
})

test('turns by the orientation tag only when asked to', async () => {
  const png = await sharp(Uint8Array.of(255, 0, 0, 0, 255, 0), { raw: { width: 2, height: 1, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer()
  const turned = await images.decode(png, flat)
  const stored = await images.decode(png, { ...flat, orient: false })
  expect([turned.width, turned.height, stored.width, stored.height]).toEqual([1, 2, 2, 1])
})

test('converts an embedded profile to sRGB only when asked to', async () => {
  const p3 = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } })
    .withIccProfile('p3')
    .png()
    .toBuffer()
  const converted = await images.decode(p3, flat)
  const stored = await images.decode(p3, { ...flat, useProfile: false })
  expect(converted.data[0]).toBeGreaterThan(250)
  expect(stored.data[0]).toBeLessThan(240)
})

test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('refuses a truncated %s file', async (format) => {
  const whole = await sharpOf(aRaster({ width: 64, height: 64 }))
    .toFormat(format)
    .toBuffer()
  const cut = whole.subarray(0, Math.floor(whole.length * 0.7))
  await expect(images.decode(cut, flat)).rejects.toMatchObject({ code: 'IMAGE_UNDECODABLE' })
})

test('reads a JPEG with stray bytes between its segments, as other readers do', async () => {
  const whole = await sharpOf(aRaster({ width: 16, height: 16 }))
    .jpeg()
    .toBuffer()
  const stray = Buffer.concat([whole.subarray(0, -2), Buffer.from('stray'), whole.subarray(-2)])
  expect(await images.decode(stray, flat)).toMatchObject({ width: 16, height: 16 })
})

test('does not open what is no picture of the allowed formats, also past the sniffing', async () => {
  const tiff = await sharpOf(aRaster({ width: 8, height: 8 }))
    .tiff()
    .toBuffer()
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
  await expect(images.readHeader(tiff)).rejects.toMatchObject({ code: 'IMAGE_UNSUPPORTED_FORMAT' })
  await expect(images.decode(tiff, flat)).rejects.toMatchObject({ code: 'IMAGE_UNDECODABLE' })
  await expect(images.decode(svg, flat)).rejects.toMatchObject({ code: 'IMAGE_UNDECODABLE' })
})

test('reads the claimed size without decoding and refuses to decode above the limit', async () => {
  const bomb = pngClaiming(8_000, 7_000)
  expect((await images.readHeader(bomb)).pixels).toBe(56_000_000)
  expect(56_000_000).toBeGreaterThan(MAX_IMAGE_PIXELS)
  await expect(images.decode(bomb, flat)).rejects.toMatchObject({
    code: 'IMAGE_UNDECODABLE',
    details: { reason: 'Input image exceeds pixel limit' },
  })
})

test('decodes the first frame of an animation and counts the others', async () => {
  const frames = Buffer.concat([1, 2, 3].map((seed) => aRaster({ width: 16, height: 10, seed }).data))
  const raw = { width: 16, height: 30, channels: 3, pageHeight: 10 } as const
  const gif = await sharp(frames, { raw }).gif({ loop: 0 }).toBuffer()
  expect(await images.readHeader(gif)).toMatchObject({ format: 'gif', frames: 3, pixels: 160 })
  expect(await images.decode(gif, flat)).toMatchObject({ width: 16, height: 10 })
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
  await expect(images.decode(png, { ...flat, background: '#fff' })).rejects.toMatchObject({ code: 'IMAGE_BAD_COLOUR' })
})

test('names every library of the encoder in its definition', () => {
  expect(images.definition()).toMatchObject({
    build: `${process.platform}-${process.arch}`,
    maxPixels: MAX_IMAGE_PIXELS,
    versions: { mozjpeg: expect.any(String), sharp: expect.any(String), vips: expect.any(String) },
  })
})

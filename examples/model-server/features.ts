import sharp from 'sharp'
import { COLOURS, type Colour } from './phrases.ts'

/** Side of the thumbnail that is looked at; shapes under a fiftieth of the picture do not matter here. */
const SIDE = 48

export interface Features {
  width: number
  height: number
  /** Colour of each pixel of a 48 by 48 thumbnail, as index into COLOURS, row by row. */
  cells: Uint8Array
  /** Mean of luma, 0 to 255. */
  brightness: number
  /** Mean difference of luma between neighbours, 0 to 255. */
  roughness: number
  /** Mean difference of luma between a pixel and its mirror image, 0 to 255. */
  asymmetry: number
}

/** Decodes the picture and measures it. Throws when the bytes are no picture. */
export async function measure(bytes: Uint8Array): Promise<Features> {
  const image = sharp(bytes, { limitInputPixels: 100_000_000 })
  const { width, height, orientation = 1 } = await image.metadata()
  const pixels = await image
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .removeAlpha()
    .resize(SIDE, SIDE, { fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer()
  const turned = orientation >= 5
  const luma = lumaOf(pixels)
  return {
    width: turned ? height : width,
    height: turned ? width : height,
    cells: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => nameColour(pixels, i * 3)),
    brightness: mean(luma.length, (i) => luma[i] ?? 0),
    roughness: mean(luma.length, (i) => ((i + 1) % SIDE === 0 ? 0 : Math.abs((luma[i] ?? 0) - (luma[i + 1] ?? 0)))),
    asymmetry: mean(luma.length, (i) => {
      const row = Math.floor(i / SIDE) * SIDE
      return Math.abs((luma[i] ?? 0) - (luma[row + SIDE - 1 - (i - row)] ?? 0))
    }),
  }
}

export { SIDE }

function lumaOf(pixels: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: pixels.length / 3 }, (_, i) =>
    Math.round(0.299 * (pixels[i * 3] ?? 0) + 0.587 * (pixels[i * 3 + 1] ?? 0) + 0.114 * (pixels[i * 3 + 2] ?? 0)),
  )
}

function mean(count: number, at: (index: number) => number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += at(i)
  return sum / count
}

/** Hue from which a colour name starts, in degrees; what lies below the first is red again. */
const HUES: readonly [number, Colour][] = [
  [14, 'red'],
  [40, 'orange'],
  [68, 'yellow'],
  [160, 'green'],
  [192, 'turquoise'],
  [255, 'blue'],
  [290, 'purple'],
  [335, 'pink'],
  [361, 'red'],
]

/** Index into COLOURS of the everyday name for one sRGB pixel. */
export function nameColour(pixels: ArrayLike<number>, offset: number): number {
  const [r = 0, g = 0, b = 0] = [pixels[offset], pixels[offset + 1], pixels[offset + 2]]
  const max = Math.max(r, g, b)
  const min = Math.min(r, g, b)
  const chroma = max - min
  const lightness = (max + min) / 2
  return COLOURS.indexOf(nameOf(r, g, b, max, chroma, lightness))
}

function nameOf(r: number, g: number, b: number, max: number, chroma: number, lightness: number): Colour {
  if (max < 45) return 'black'
  if (chroma < 28 || (lightness > 225 && chroma < 45)) {
    return lightness < 55 ? 'black' : lightness > 205 ? 'white' : 'grey'
  }
  const hue = hueOf(r, g, b, max, chroma)
  const name = HUES.find(([end]) => hue < end)?.[1] ?? 'red'
  if (name === 'orange' && (max < 180 || chroma < 90)) return 'brown'
  if (name === 'red' && max < 110) return 'brown'
  if (name === 'red' && lightness > 165) return 'pink'
  return name
}

function hueOf(r: number, g: number, b: number, max: number, chroma: number): number {
  if (max === r) return (60 * ((g - b) / chroma) + 360) % 360
  if (max === g) return 60 * ((b - r) / chroma) + 120
  return 60 * ((r - g) / chroma) + 240
}

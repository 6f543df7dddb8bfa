import sharp, { type Sharp } from 'sharp'
import type { Scene } from '../texts/site-texts.ts'
import { animals } from './animals.ts'
import { buildings } from './buildings.ts'
import { crafts } from './crafts.ts'
import { food } from './food.ts'
import { nature } from './nature.ts'
import { createDice } from './svg.ts'

const DRAWINGS = { ...nature, ...food, ...buildings, ...crafts, ...animals }

export type PictureFormat = 'jpg' | 'png' | 'webp'

export interface Rendering {
  /** Same scene and seed, same bytes. */
  seed: string
  width: number
  height: number
  format: PictureFormat
  /** Mirror image. */
  flip?: boolean
  quality?: number
}

/** One scene as an encoded picture. Fine grain, as paper has, keeps flat areas from compressing to nothing. */
export async function renderScene(scene: Scene, rendering: Rendering): Promise<Buffer> {
  const { width, height, seed } = rendering
  const draw = DRAWINGS[scene]
  if (!draw) throw new Error(`no drawing for ${scene}`)
  const turn = rendering.flip ? ' transform="translate(320 0) scale(-1 1)"' : ''
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 320 240" preserveAspectRatio="xMidYMid slice"><g${turn}>${draw(createDice(seed))}</g></svg>`
  const { data, info } = await sharp(Buffer.from(svg))
    .flatten({ background: '#ffffff' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  addGrain(data, seed)
  const image = sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
  return encode(image, rendering.format, rendering.quality ?? 88)
}

export function encode(image: Sharp, format: PictureFormat, quality: number): Promise<Buffer> {
  if (format === 'png') return image.png({ compressionLevel: 3 }).toBuffer()
  return format === 'webp' ? image.webp({ quality, effort: 1 }).toBuffer() : image.jpeg({ quality }).toBuffer()
}

/** Adds up to seven steps of luma to each pixel, the same for all three channels. */
function addGrain(pixels: Buffer, seed: string): void {
  const dice = createDice(`grain ${seed}`)
  let state = dice.whole(1, 0x7fffffff)
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const step = ((state >>> 24) % 15) - 7
    for (let channel = 0; channel < 3; channel++) {
      pixels[i + channel] = Math.min(255, Math.max(0, (pixels[i + channel] ?? 0) + step))
    }
  }
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import path from 'node:path'
import sharp from 'sharp'

/** What lies under one name of the made web. */
export interface MadePicture {
  name: string
  /** Of what the server sends; null for a name that it does not have. */
  sha256: string | null
  kind: 'jpeg' | 'turned' | 'png' | 'webp' | 'truncated' | 'html' | 'missing'
  /** Of the picture as it is to be seen. */
  width: number
  height: number
}

const SIZES = [
  [300, 200],
  [400, 300],
  [640, 480],
  [800, 600],
  [1024, 768],
  [1280, 720],
  [1280, 960],
  [1600, 1200],
] as const
/** Drawings with alpha are small on the web, and the clouds would be megabytes as PNG. */
const PNG_SIZE = [400, 300] as const
const QUALITY = 85
/** Raised by whoever changes what is made: an older folder is made anew. */
const MADE = 1

/**
 * `count` distinct files in a folder: most are JPEGs of eight sizes (a mean of some 129 KiB), 5 % of them turned by EXIF,
 * 2 % PNG with alpha, 1 % each WebP, truncated, HTML under a picture's name, missing. Half of the pictures are drawn, the
 * others are their pixels under another comment, so that no two files are equal. Made once from a seed; says what is there.
 */
export async function makePictures(folder: string, count: number): Promise<MadePicture[]> {
  const manifest = path.join(folder, 'manifest.json')
  if (existsSync(manifest)) {
    const made = JSON.parse(readFileSync(manifest, 'utf8')) as { rev: number; pictures: MadePicture[] }
    if (made.rev === MADE && made.pictures.length === count) return made.pictures
  }
  mkdirSync(folder, { recursive: true })
  const half = Math.ceil(count / 2)
  const pictures: MadePicture[] = []
  for (let start = 0; start < half; start += 4)
    for (const pair of await Promise.all(
      Array.from({ length: Math.min(4, half - start) }, (_, at) => makePair(folder, start + at, half)),
    ))
      pictures.push(...pair)
  const all = pictures.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, count)
  writeFileSync(manifest, JSON.stringify({ rev: MADE, pictures: all }))
  return all
}

async function makePair(folder: string, number: number, half: number): Promise<MadePicture[]> {
  const kind = kindOf(number)
  const [width, height] = kind === 'png' ? PNG_SIZE : (SIZES[number % SIZES.length] as readonly [number, number])
  const drawn = await draw(kind, number, width, height)
  return [number, number + half].map((no): MadePicture => {
    const name = `${String(no).padStart(6, '0')}.jpg`
    const turned = kind === 'turned'
    const size = { width: turned ? height : width, height: turned ? width : height }
    if (drawn === null) return { name, kind, sha256: null, ...size }
    const bytes = marked(drawn, `mella bench ${no}`)
    writeFileSync(path.join(folder, name), bytes)
    return { name, kind, sha256: createHash('sha256').update(bytes).digest('hex'), ...size }
  })
}

function kindOf(number: number): MadePicture['kind'] {
  const place = number % 100
  if (place === 13) return 'missing'
  if (place === 37) return 'html'
  if (place === 59) return 'truncated'
  if (place === 71) return 'webp'
  if (place === 23 || place === 83) return 'png'
  return place % 20 === 5 ? 'turned' : 'jpeg'
}

async function draw(kind: MadePicture['kind'], seed: number, width: number, height: number): Promise<Buffer | null> {
  if (kind === 'missing') return null
  if (kind === 'html') return Buffer.from('<!doctype html><title>Not a picture</title>')
  const channels = kind === 'png' ? 4 : 3
  // Clouds of colour that are about as hard to code as photographs.
  const [columns, rows] = [Math.ceil(width / 12), Math.ceil(height / 12)]
  const raw = noise(seed, columns * rows * channels)
  const clouds = await sharp(raw, { raw: { width: columns, height: rows, channels } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer()
  const image = sharp(clouds, { raw: { width, height, channels } })
  if (kind === 'png') return image.png({ compressionLevel: 1 }).toBuffer()
  if (kind === 'webp') return image.webp({ quality: QUALITY, effort: 1 }).toBuffer()
  const jpeg = image.jpeg({ quality: QUALITY })
  const bytes = await (kind === 'turned' ? jpeg.withMetadata({ orientation: 6 }) : jpeg).toBuffer()
  return kind === 'truncated' ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes
}

/** Mulberry32: the same bytes on every machine. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = (seed * 2_654_435_761) >>> 0
  for (let at = 0; at < length; at += 1) {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    bytes[at] = (mixed ^ (mixed >>> 14)) & 255
  }
  return bytes
}

/** The file with a comment that no decoder shows: a COM segment of JPEG, else bytes behind the end. */
function marked(bytes: Buffer, comment: string): Buffer {
  const text = Buffer.from(comment)
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return Buffer.concat([bytes, text])
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, text.length + 2])
  return Buffer.concat([head, text, bytes.subarray(2)])
}

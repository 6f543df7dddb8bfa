import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { rowLeaf } from '../../../activities/package/leaf.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'

export const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

/** A small true-colour PNG of one colour, made by hand: 8 bytes of signature, IHDR, IDAT, IEND. */
export function aPng(colour: [number, number, number] = [200, 30, 30], width = 4, height = 3): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const line = Buffer.concat([Buffer.of(0), ...Array.from({ length: width }, () => Buffer.from(colour))])
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => line)), { level: 0 })
  const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, crc])
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

/** A whole row with its picture and its leaf; `n` makes key and colour. */
export function aRow(change: Partial<ReleaseRow> = {}, n = 1): ReleaseRow {
  const key = change.key ?? sha256(`key ${n}`)
  const picture = change.image?.bytes ?? aPng([n % 256, (n * 7) % 256, (n * 31) % 256])
  const row = {
    key,
    leaf: '',
    image: { bytes: picture, path: `${key}.png` },
    lang: 'sr-Latn',
    script: 'Latn',
    split: 'train',
    in_know: true,
    in_ling: true,
    in_thick: false,
    alt_text: `Čamac na reci ${n}`,
    alt_source: 'alt',
    alt_type: 'description',
    alt_others: [{ text: 'Čamac', source: 'title', page_url: 'https://a.example/2' }],
    context: { title: 'Reka', heading: null, before: 'pre "slike"', after: null },
    caption_pivot: 'A boat on a river.',
    caption_ling: 'Čamac na reci.',
    caption_thick: null,
    page_url: 'https://a.example/1',
    image_url: `https://a.example/${n}.png`,
    licence: null,
    rights: 'none',
    fetched_sha256: sha256(`fetched ${n}`),
    image_sha256: sha256(picture),
    pdq: 'f'.repeat(64),
    width: 4,
    height: 3,
    scores: { porn: 0.0001, sharpness: 12, align: null },
    ...change,
  }
  return { ...row, leaf: change.leaf ?? rowLeaf(row).toString('hex') }
}

/** `count` rows sorted by key. */
export function rows(count: number, change: (n: number) => Partial<ReleaseRow> = () => ({})): ReleaseRow[] {
  return Array.from({ length: count }, (_, n) => aRow(change(n), n)).sort((a, b) => (a.key < b.key ? -1 : 1))
}

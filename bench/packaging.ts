/**
 * Packaging against the disk: how fast rows with pictures become a Parquet file, beside writing the same bytes plainly.
 * `node bench/packaging.ts [--mib 256] [--picture-kib 64] [--dir FOLDER]` prints one JSON line for each way.
 * Pictures are random bytes, so nothing compresses; each way is run three times and medians are shown; on a busy
 * machine compare `cpuSeconds`.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { releaseColumns } from '../activities/package/columns.ts'
import { rowLeaf, type BoundRow } from '../activities/package/leaf.ts'
import { writeParquet } from '../activities/package/parquet-file.ts'
import { AtomicFile } from '../infra/atomic-file.ts'
import { writeReleaseFile } from '../workers/package-client.ts'

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '256' },
    'picture-kib': { type: 'string', default: '64' },
    dir: { type: 'string', default: tmpdir() },
  },
})
const pictureBytes = Number(values['picture-kib']) * 1024
const count = Math.ceil((Number(values.mib) * 1024 * 1024) / pictureBytes)
const folder = mkdtempSync(join(values.dir, 'bench-packaging-'))
const hex = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

function row(n: number, picture: Uint8Array): BoundRow {
  return {
    key: hex(`key ${n}`),
    lang: 'ru',
    script: 'Cyrl',
    split: 'train',
    in_know: true,
    in_ling: true,
    in_thick: false,
    alt_text: `Лодка на реке, снимок ${n}`,
    alt_source: 'alt',
    alt_type: 'description',
    alt_others: [{ text: 'Лодка', source: 'title', page_url: 'https://a.example/2' }],
    context: { title: 'Река', heading: null, before: 'Перед снимком. '.repeat(10), after: null },
    caption_pivot: 'A boat on a river between two green banks. '.repeat(8),
    caption_ling: 'Лодка на реке между двумя зелёными берегами. '.repeat(8),
    caption_thick: null,
    page_url: 'https://a.example/1',
    image_url: `https://a.example/${n}.jpg`,
    licence: null,
    rights: 'none',
    fetched_sha256: hex(`fetched ${n}`),
    image_sha256: hex(picture),
    pdq: hex(`pdq ${n}`),
    width: 640,
    height: 480,
    scores: { porn: 0.0123, hentai: 0.001, sexy: 0.5 },
  }
}

const pictures = Array.from({ length: count }, () => new Uint8Array(randomBytes(pictureBytes)))
const rows = pictures
  .map((picture, n) => ({ row: row(n, picture), picture }))
  .sort((a, b) => (a.row.key < b.row.key ? -1 : 1))
const scoreNames = ['porn', 'hentai', 'sexy']

async function writer(path: string) {
  using file = new AtomicFile(path)
  const whole = rows.map((each) => ({
    ...each.row,
    leaf: rowLeaf(each.row).toString('hex'),
    image: { bytes: each.picture, path: `${each.row.key}.jpg` },
  }))
  await writeParquet(file, {
    columns: releaseColumns(scoreNames),
    rows: whole,
    rowBytes: (each) => each.image.bytes.length,
  })
  return file.commit().bytes
}

async function thread(path: string) {
  const job = {
    kind: 'data' as const,
    extension: 'jpg',
    lang: 'ru',
    split: 'train',
    scoreNames,
    images: 'bytes' as const,
  }
  return (await writeReleaseFile({ path, job, rows })).bytes
}

const copied = join(folder, 'writer')
const ways: [string, (path: string) => Promise<number> | number][] = [
  ['writer', writer],
  [
    'plain write, sha256, fsync and rename of the same bytes',
    (path) => {
      using file = new AtomicFile(path)
      file.write(content)
      return file.commit().bytes
    },
  ],
  ['thread: rows by message, every row checked and hashed', thread],
]
await writer(copied)
const content = readFileSync(copied)

for (const [way, run] of ways) {
  const times: number[] = []
  const work: number[] = []
  let bytes = 0
  for (let turn = 0; turn < 3; turn++) {
    const start = performance.now()
    const used = process.cpuUsage()
    bytes = await run(join(folder, `out-${turn}`))
    times.push((performance.now() - start) / 1000)
    const { user, system } = process.cpuUsage(used)
    work.push((user + system) / 1e6)
  }
  const median = (list: number[]) => Number(list.sort((a, b) => a - b)[1]!.toFixed(3))
  const mib = Math.round(bytes / 1024 / 1024)
  const seconds = median(times)
  const figures = { way, rows: count, mib, seconds, cpuSeconds: median(work), mibPerSecond: Math.round(mib / seconds) }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}
process.stdout.write(`${JSON.stringify({ maxRssMib: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`)
rmSync(folder, { recursive: true })

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder } from '../infra/services/cache.ts'
import { makeGallery } from './web-pictures/make-gallery.ts'
import { type MadePicture, makePictures } from './web-pictures/make-pictures.ts'
import { prepareImg2dataset, runImg2dataset } from './web-pictures/run-img2dataset.ts'
import { runMellaPictures } from './web-pictures/run-mella.ts'
import { type FolderServer, serveFolder } from './web-pictures/serve-folder.ts'
import type { PictureRun, Scheme } from './web-pictures/picture-run.ts'

const HELP = `Fetches, resizes to 256 px and hashes pictures over HTTPS and HTTP with mella and img2dataset 1.47.0, in turn.

  npm run bench -- web-pictures [--pictures N] [--rounds N] [--schemes LIST] [--tools LIST] [--threads LIST]

Pictures are drawn from a seed (eight sizes, a mean of 129 KiB; 1 % each is truncated, HTML or missing) and served by
nginx with one worker. mella runs \`release launch SPEC --wait\`: the crawl of a gallery that shows all pictures, with
WARC, digests and provenance rows, then the release; counted is what runs from the command to the end of the release's
picture steps, safety off. img2dataset gets the list of addresses and writes WebDataset. Pictures a second are all that
were asked for, over seconds from the command's start; "at site" is from the server's first picture to its last.
Seconds of the processor and memory are those of the whole process tree, Postgres and Temporal included.
TLS is verified: both trust a test authority beside the system's. nginx, openssl and Python 3.9 to 3.12 must be there;
img2dataset is installed into the cache on first use, pictures stay in the folder for the next run.

  --pictures N    distinct pictures (8000)
  --rounds N      runs of each tool, in turn (5)
  --schemes LIST  of https,http (both)
  --tools LIST    of mella,img2dataset (both)
  --threads LIST  of img2dataset; the best over a quarter of the pictures is taken for the rounds (16,32,64,128,256)
  --per-host N    requests at a time of mella (16)
  --folder DIR    for pictures and runs (mella-bench-web-pictures in the system's temporary folder)
`

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '8000' },
    rounds: { type: 'string', default: '5' },
    schemes: { type: 'string', default: 'https,http' },
    tools: { type: 'string', default: 'mella,img2dataset' },
    threads: { type: 'string', default: '16,32,64,128,256' },
    'per-host': { type: 'string', default: '16' },
    folder: { type: 'string', default: path.join(tmpdir(), 'mella-bench-web-pictures') },
    help: { type: 'boolean', default: false },
  },
})
const tools = values.tools.split(',')
const schemes = values.schemes.split(',') as Scheme[]
const peers = path.join(cacheFolder(process.env.MELLA_CACHE ?? null, process.env.XDG_CACHE_HOME ?? null), 'peers')

if (values.help) process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const web = path.join(values.folder, 'web')
  const pictures = await makePictures(web, Number(values.pictures))
  makeGallery(
    web,
    pictures.map((one) => one.name),
  )
  // Each file once, so that the first run does not wait for the disk.
  for (const { name, sha256 } of pictures) if (sha256 !== null) readFileSync(path.join(web, name))
  const work = path.join(values.folder, 'runs')
  rmSync(work, { recursive: true, force: true })
  const server = await serveFolder(web, work)
  try {
    if (tools.includes('img2dataset')) await prepareImg2dataset(peers)
    for (const scheme of schemes) await compare(server, scheme, pictures, path.join(work, scheme))
  } finally {
    await server.stop()
  }
}

async function compare(server: FolderServer, scheme: Scheme, pictures: MadePicture[], work: string): Promise<void> {
  const threads = tools.includes('img2dataset') ? await bestThreads(server, scheme, pictures, work) : 0
  const all = new Map<string, PictureRun[]>(tools.map((tool) => [tool, []]))
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const tool of tools) {
      const folder = path.join(work, `${tool}-${round}`)
      mkdirSync(folder, { recursive: true })
      const figures =
        tool === 'mella'
          ? await runMellaPictures(server, scheme, pictures, folder, Number(values['per-host']))
          : await runImg2dataset(peers, server, scheme, pictures, folder, threads)
      console.error(`${scheme} ${tool} ${JSON.stringify(figures)}`)
      all.get(tool)?.push(figures)
      // A gigabyte each.
      rmSync(folder, { recursive: true, force: true })
    }
  for (const [tool, runs] of all) console.log(`${scheme.padEnd(5)} ${tool.padEnd(11)} ${lineOf(runs)}`)
  const rate = (tool: string) => median((all.get(tool) ?? []).map((run) => run.per_second))
  if (tools.length === 2)
    console.log(`${scheme.padEnd(5)} ratio       ${round2(rate('mella') / rate('img2dataset'))} times`)
}

/** The peer's best setting for this machine, by a run of each over a quarter of the pictures. */
async function bestThreads(
  server: FolderServer,
  scheme: Scheme,
  pictures: MadePicture[],
  work: string,
): Promise<number> {
  const counts = values.threads.split(',').map(Number)
  if (counts.length === 1) return counts[0] as number
  const rates: [number, number][] = []
  for (const threads of counts) {
    const folder = path.join(work, `threads-${threads}`)
    mkdirSync(folder, { recursive: true })
    const part = pictures.slice(0, Math.ceil(pictures.length / 4))
    const { per_second } = await runImg2dataset(peers, server, scheme, part, folder, threads)
    console.error(`${scheme} img2dataset with ${threads} threads: ${per_second} a second`)
    rates.push([per_second, threads])
    rmSync(folder, { recursive: true, force: true })
  }
  return rates.sort(([a], [b]) => b - a)[0]?.[1] as number
}

function lineOf(runs: readonly PictureRun[]): string {
  const of = (pick: (run: PictureRun) => number) => round2(median(runs.map(pick)))
  const rates = runs.map((run) => run.per_second).sort((a, b) => a - b)
  const cpuMs = of((run) => (1000 * run.cpu_seconds) / run.asked)
  return [
    `pictures/s ${of((run) => run.per_second)} (${rates[0]} to ${rates.at(-1)})`,
    `wall ${of((run) => run.seconds)} s`,
    `at site ${of((run) => run.site_per_second)}/s`,
    `cpu ${of((run) => run.cpu_seconds)} s, ${cpuMs} ms each`,
    `server ${of((run) => run.server_cpu_seconds)} s`,
    `peak ${of((run) => run.peak_mib)} MiB`,
    `kept ${of((run) => run.kept)} of ${of((run) => run.asked)}`,
    `wrong ${of((run) => run.wrong)}`,
    `rows ${of((run) => run.lineage_rows)}`,
  ].join('  ')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}

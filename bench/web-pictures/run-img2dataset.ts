import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import type { MadePicture } from './make-pictures.ts'
import { isGood, type PictureRun, type Scheme, siteFigures, spentBy, watch } from './picture-run.ts'
import type { FolderServer } from './serve-folder.ts'

/** The last release that is fast over HTTP: what came after it builds a TLS context for every request. */
const VERSION = '1.47.0'
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
]

/** Installs the peer into the cache on first use. It imports a module that Python 3.13 has no more. */
export async function prepareImg2dataset(peers: string): Promise<void> {
  const home = homeOf(peers)
  if (existsSync(path.join(home, 'bin/img2dataset'))) return
  const python = ['python3', 'python3.12', 'python3.11', 'python3.10'].find((name) => {
    const { status } = spawnSync(name, ['-c', 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 13))'])
    return status === 0
  })
  if (python === undefined) throw new Error(`img2dataset ${VERSION} needs a Python from 3.9 to 3.12 on PATH`)
  run(python, ['-m', 'venv', home])
  run(path.join(home, 'bin/python'), ['-m', 'pip', '-q', 'install', `img2dataset==${VERSION}`])
}

/** One run over the list of all pictures' addresses, as its documentation has it: shards of 1,000, two processes. */
export async function runImg2dataset(
  peers: string,
  server: FolderServer,
  scheme: Scheme,
  pictures: readonly MadePicture[],
  folder: string,
  threads: number,
): Promise<PictureRun> {
  const list = path.join(folder, 'urls.txt')
  const out = path.join(folder, 'out')
  writeFileSync(list, pictures.map(({ name }) => `${server[scheme]}/${name}\n`).join(''))
  const authorities = path.join(folder, 'authorities.pem')
  // The system's list and the test's authority: a list of the latter alone would spare it most of its cost.
  const system = SYSTEM_AUTHORITIES.find((file) => existsSync(file)) as string
  writeFileSync(authorities, `${readFileSync(system, 'utf8')}\n${readFileSync(server.ca, 'utf8')}`)
  await server.takeLog()
  const serverBefore = server.cpuSeconds()
  const options = {
    url_list: list,
    input_format: 'txt',
    output_folder: out,
    processes_count: 2,
    thread_count: threads,
    image_size: 256,
    resize_mode: 'border',
    encode_format: 'jpg',
    encode_quality: 95,
    output_format: 'webdataset',
    number_sample_per_shard: Math.min(1000, Math.ceil(pictures.length / 2)),
    compute_hash: 'sha256',
    extract_exif: 'True',
    retries: 0,
    timeout: 10,
    enable_wandb: 'False',
    // The other modes empty the folder after they have laid their lists into it, which a current fsspec takes literally.
    incremental_mode: 'incremental',
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const env = { ...process.env, SSL_CERT_FILE: authorities, NO_ALBUMENTATIONS_UPDATE: '1', MELLA_HOME: folder }
  const watched = await watch(path.join(homeOf(peers), 'bin/img2dataset'), args, folder, env)
  const seconds = (watched.endedAt - watched.startedAt) / 1000
  return {
    tool: `img2dataset ${VERSION}, ${threads} threads`,
    asked: pictures.length,
    ...(await outcome(out, server[scheme], pictures)),
    seconds,
    per_second: Math.round((10 * pictures.length) / seconds) / 10,
    ...siteFigures(await server.takeLog()),
    ...spentBy(watched.samples, Infinity),
    server_cpu_seconds: server.cpuSeconds() - serverBefore,
  }
}

interface Row {
  url: string
  status: string
  sha256: string | null
  width: number | null
  height: number | null
}

/** What its rows say, held against what was made. A turned picture lies on its side there, which is not counted here. */
async function outcome(
  out: string,
  origin: string,
  pictures: readonly MadePicture[],
): Promise<Pick<PictureRun, 'kept' | 'wrong' | 'lineage_rows'>> {
  const made = new Map(pictures.map((one) => [`${origin}/${one.name}`, one]))
  let [kept, wrong, rows] = [0, 0, 0]
  for (const file of readdirSync(out).filter((name) => name.endsWith('.parquet'))) {
    const bytes = readFileSync(path.join(out, file))
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    for (const row of (await parquetReadObjects({ file: buffer })) as unknown as Row[]) {
      const picture = made.get(row.url)
      rows += 1
      if (row.status !== 'success') continue
      kept += 1
      const isRight = picture !== undefined && isGood(picture) && row.sha256 === picture.sha256
      if (!isRight || row.width !== 256 || row.height !== 256) wrong += 1
    }
  }
  return { kept, wrong, lineage_rows: rows }
}

function homeOf(peers: string): string {
  return path.join(peers, `img2dataset-${VERSION}`)
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

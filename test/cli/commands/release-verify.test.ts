import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadSigningKey } from '../../../infra/signing.ts'
import { aRelease, type Release } from '../../activities/package/a-release.ts'
import { runCommand } from '../../support/run-command.ts'

let cwd: string
let good: Release
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'mella-cli-verify-'))
  good = await aRelease(join(cwd, 'good'))
  cpSync(good.folder, join(cwd, 'changed'), { recursive: true })
  appendFileSync(join(cwd, 'changed', 'README.md'), 'a word more')
  writeFileSync(join(cwd, 'signer.vkey'), `${good.key.vkey}\n`)
})
afterAll(() => rmSync(cwd, { recursive: true }))

const run = (...options: string[]) => runCommand(['release', 'verify', ...options], { env: { MELLA_HOME: cwd }, cwd })

test('a release as it was made ends 0, with a line for each check', async () => {
  const { code, stdout, stderr } = await run(good.folder)
  expect([code, stderr]).toEqual([0, ''])
  const lines = stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toBe(`${good.folder}: verified`)
  expect(lines.slice(0, -1).map((line) => line.split(':')[0])).toEqual(
    'manifest signature files spec rows tree lineage removals counts card croissant statistics'
      .split(' ')
      .map((name) => `ok   ${name}`),
  )
})

test('a changed release ends 3 and says what differs', async () => {
  const { code, stdout } = await run('changed')
  expect(code).toBe(3)
  expect(stdout).toContain('BAD  files:')
  expect(stdout).toContain('difference: {"check":"files"')
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(`${join(cwd, 'changed')}: does NOT verify`)
})

test('with --json the result is one object, and the exit code is the same', async () => {
  for (const [folder, ok, exit] of [
    [good.folder, true, 0],
    [join(cwd, 'changed'), false, 3],
  ] as const) {
    const { code, stdout } = await run(folder, '--json')
    expect([code, JSON.parse(stdout)]).toMatchObject([exit, { folder, ok }])
  }
})

test('a key that is given, as text or in a file, is the only one that may have signed', async () => {
  expect((await run(good.folder, '--key', good.key.vkey)).code).toBe(0)
  expect((await run(good.folder, '--key', join(cwd, 'signer.vkey'))).code).toBe(0)
  const other = loadSigningKey(join(cwd, 'other.key'), good.key.name)
  const { code, stdout } = await run(good.folder, '--key', other.vkey)
  expect(code).toBe(3)
  expect(stdout).toContain('BAD  signature:')
})

test('a level that there is not ends 2', async () => {
  expect(await run(good.folder, '--level', 'v9')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'mella: level v9: this version verifies v0\n  try: ./mella release verify --help\n',
  })
})

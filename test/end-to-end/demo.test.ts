import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHECKOUT } from '../support/chaos/play.ts'
import { makeTestHome, removeTestHome } from '../support/home.ts'

const LANGUAGES = ['ar', 'cs', 'hu', 'ko', 'ru', 'sr', 'sr-Latn', 'th', 'vi']

let home = ''

interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command as a person does, in this test's home. */
function mella(...args: string[]): Promise<Ran> {
  const env = { ...process.env, MELLA_HOME: home, MELLA_STORE: path.join(home, 'store') }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(CHECKOUT, 'cli', 'main.ts'), ...args],
      { env, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr })
      },
    )
  })
}

beforeAll(() => {
  home = makeTestHome('demo')
})

afterAll(async () => {
  await mella('down')
  await removeTestHome(home)
})

test('the demo ends in a verified release of nine languages whose root is the one recorded for the platform', async () => {
  const out = path.join(home, 'out')
  const ran = await mella('demo', '--json', '--out', out)
  expect(ran.stderr).toContain('verified: files, rows, Merkle root and signature')
  const demo = JSON.parse(readFileSync(path.join(CHECKOUT, 'examples', 'demo.json'), 'utf8')) as {
    roots: Record<string, string>
  }
  const recorded = demo.roots[`${process.platform}-${process.arch}`]
  const manifest = JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')) as {
    tree: { root: string }
    counts: Record<string, { know: number; ling: number; thick: number }>
  }
  if (recorded !== undefined) expect(manifest.tree.root).toBe(recorded)
  expect(ran.code).toBe(0)
  expect(Object.keys(manifest.counts)).toEqual(LANGUAGES)
  for (const counts of Object.values(manifest.counts)) {
    expect(Math.min(counts.know, counts.ling, counts.thick)).toBeGreaterThanOrEqual(25)
  }
})

test('a second run says that the release exists and computes nothing', async () => {
  const ran = await mella('demo')
  expect(ran.code).toBe(0)
  expect(ran.stderr).toContain('exists; nothing was computed')
})

test('recomputing the demo beside the stored results finds no difference and needs no server', async () => {
  const ran = await mella('demo', '--again')
  expect(ran.stderr).toContain('recomputed: no difference')
  expect(ran.code).toBe(0)
})

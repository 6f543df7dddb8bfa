import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { LEAST_SPEC } from '../../support/spec.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'mella-cli-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const run = (...argv: string[]) => runCommand(argv, { env: {}, cwd })

test('the starting spec passes the check', async () => {
  const file = join(cwd, 'my.yaml')
  expect(await run('spec', 'init', '--out', 'my.yaml')).toMatchObject({ code: 0, stdout: '' })
  expect(await run('spec', 'check', file)).toEqual({
    code: 0,
    stdout: `${file}: ok, my-dataset 1.0.0 in cs, sr, sr-Latn\n`,
    stderr: '',
  })
})

test('every line that the starting spec has commented out is valid too', async () => {
  const file = join(cwd, 'all.yaml')
  const { stdout } = await run('spec', 'init')
  const isSetting = /^( *)# ?( *[a-z_A-Z-]+:.*)$/
  const opened = stdout
    .split('\n')
    .map((line) =>
      line.replace(isSetting, (whole, indent: string, rest: string) =>
        rest.startsWith('One crawl') ? whole : `${indent}${rest}`,
      ),
    )
    .filter((line) => !line.includes('seeds-sr.txt') && !line.includes('warc:'))
    .join('\n')
  writeFileSync(file, opened)
  const { faults, spec } = JSON.parse((await run('spec', 'check', '--json', file)).stdout) as {
    faults: unknown
    spec: unknown
  }
  expect(faults).toEqual([])
  expect(spec).toMatchObject({
    caption: { model: 'my-vision-model' },
    overrides: { 'sr-Latn': { translate: { pair: 'eng|hbs_SR' } } },
  })
})

test('an existing file is not overwritten', async () => {
  writeFileSync(join(cwd, 'my.yaml'), 'mine')
  expect(await run('spec', 'init', '--out', 'my.yaml')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('file my.yaml: exists already'),
  })
  expect(readFileSync(join(cwd, 'my.yaml'), 'utf8')).toBe('mine')
})

test('a bad spec ends 2 with its faults, as text and as JSON', async () => {
  const file = join(cwd, 'bad.yaml')
  writeFileSync(file, `${LEAST_SPEC}imgae: {}\n`)
  const line = `${file}:8:1: imgae is no key of a spec, did you mean image?`
  expect(await run('spec', 'check', file)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(line) })
  const { code, stdout } = await run('spec', 'check', file, '--json')
  expect([code, JSON.parse(stdout)]).toEqual([
    2,
    {
      file,
      ok: false,
      spec: null,
      faults: [{ file, line: 8, column: 1, path: 'imgae', message: 'is no key of a spec', nearest: 'image' }],
    },
  ])
})

test('a spec that is not there ends 2 and says how to begin one', async () => {
  const { code, stderr } = await run('spec', 'check', 'none.yaml')
  expect([code, stderr]).toEqual([
    2,
    'mella: spec none.yaml: there is no such file\n  try: ./mella spec init --out none.yaml\n',
  ])
  expect(existsSync(join(cwd, 'none.yaml'))).toBe(false)
})

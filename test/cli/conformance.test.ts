import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isAllowed, parseRobots } from '../../activities/crawl/robots.ts'
import { runConformance } from '../../cli/conformance/run-conformance.ts'
import type { ConformanceFunctions, TableResult } from '../../cli/conformance/table.ts'
import { createAddressGuard } from '../../infra/address-guard.ts'
import { CONFORMANCE_FOLDER } from '../support/conformance-table.ts'

/** The real functions where they are of the crawl, plain ones of known answer elsewhere. */
const functions = (changes: Partial<ConformanceFunctions> = {}): ConformanceFunctions => ({
  robotsAllows: (file, agent, url) => isAllowed(parseRobots(file), agent, url).allowed,
  guard: createAddressGuard({ allow: [] }),
  parseSrcset: (input) => input.split(' ').map((url) => ({ url })),
  sniffEncoding: () => 'UTF-8',
  pdqReferenceHash: () => Promise.resolve({ hash: '0'.repeat(64), quality: 100 }),
  ...changes,
})

async function run(folder: string, changes: Partial<ConformanceFunctions> = {}, json = true) {
  let text = ''
  const code = await runConformance(folder, functions(changes), { json, stdout: { write: (part) => (text += part) } })
  const lines = text.split('\n').filter((line) => line !== '')
  return { code, text, tables: json ? lines.map((line) => JSON.parse(line) as TableResult) : [] }
}

describe('conformance', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tables-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const table = async (name: string, content: unknown) => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }

  it('passes every robots and address row of the vectors', async () => {
    const { tables } = await run(CONFORMANCE_FOLDER)
    const counts = tables.map(({ file, kind, passed, total }) => ({ file, kind, passed, total }))
    expect(counts).toContainEqual({ file: 'robots-google.json', kind: 'robots', passed: 126, total: 126 })
    expect(counts).toContainEqual({ file: 'ssrf.json', kind: 'ssrf', passed: 91, total: 91 })
    expect(counts.map(({ file, total }) => [file, total])).toEqual([
      ['encoding-html5lib.json', 82],
      ['pdq/expected_hashes.json', 12],
      ['robots-google.json', 126],
      ['srcset-wpt.json', 235],
      ['ssrf.json', 91],
    ])
  })

  it('finds tables by the start of their names, in order, and leaves the rest', async () => {
    for (const name of ['ssrf-b.json', 'ssrf.json', 'ssrf.txt', 'other.json'])
      await table(name, { names: ['localhost'] })
    const { code, tables } = await run(folder)
    expect({ code, files: tables.map(({ file }) => file) }).toEqual({ code: 0, files: ['ssrf-b.json', 'ssrf.json'] })
  })

  it('lets the RFC decide over the row, and leaves out rows of other profiles', async () => {
    await table('robots-x.json', {
      files: { a: 'User-agent: *\nDisallow: /x' },
      access: [
        { id: '1', robots: 'a', agent: 'b', url: 'http://x.example/x', allowed: false },
        {
          id: '2',
          profile: 'rfc9309',
          robots: 'a',
          agent: 'b',
          url: 'http://x.example/y',
          allowed: false,
          rfc9309Allowed: true,
        },
        { id: '3', profile: 'google', robots: 'a', agent: 'b', url: 'http://x.example/y', allowed: false },
        { id: '4', robots: 'User-agent: *\nDisallow: /', agent: 'b', url: 'http://x.example/y', allowed: false },
      ],
    })
    expect((await run(folder)).tables).toEqual([
      { file: 'robots-x.json', kind: 'robots', passed: 3, total: 3, failures: [] },
    ])
  })

  it('counts a wrong row, a row it cannot run, a row that throws and a file that is no table as failures', async () => {
    await table('ssrf.json', {
      urls: [{ url: 'http://127.0.0.1/', block: false }, { url: 'http://1.1.1.1/' }],
      schemes: [5],
    })
    await table('encoding-x.json', { cases: [{ dataBase64: '', encoding: 'utf8' }] })
    await table('srcset-x.json', 'not json')
    await table('robots-x.json', { rows: [] })
    const thrown = () => {
      throw new Error('broken')
    }
    const { code, tables } = await run(folder, { sniffEncoding: thrown })
    expect(code).toBe(3)
    expect(tables.map(({ file, passed, total }) => [file, passed, total])).toEqual([
      ['encoding-x.json', 0, 1],
      ['robots-x.json', 0, 1],
      ['srcset-x.json', 0, 1],
      ['ssrf.json', 0, 3],
    ])
    expect(tables[0]?.failures).toEqual([{ row: 'cases[0]', expected: 'utf-8', got: { error: 'broken' } }])
    expect(tables[3]?.failures[0]).toEqual({ row: 'urls[0] http://127.0.0.1/', expected: false, got: true })
  })

  it('compares encodings by what their labels stand for', async () => {
    await table('encoding-x.json', { cases: [{ dataBase64: 'PGI+', encoding: 'iso-8859-1' }] })
    const seen: unknown[] = []
    const sniffEncoding = (bytes: Uint8Array, contentType: string | null) => {
      seen.push([Buffer.from(bytes).toString(), contentType])
      return 'windows-1252'
    }
    expect((await run(folder, { sniffEncoding })).code).toBe(0)
    expect(seen).toEqual([['<b>', null]])
  })

  it('takes the source that a display of density 1 shows', async () => {
    await table('srcset-x.json', {
      parse: [
        { srcset: 'x', expect: 'half' },
        { srcset: '', expect: '' },
        { srcset: 'y', expect: 'HTTP://base.invalid/one', expectIsResolvedAsUrl: true },
      ],
    })
    const answers: Record<string, ReturnType<ConformanceFunctions['parseSrcset']>> = {
      x: [
        { url: 'third', density: 0.3 },
        { url: 'half', density: 0.5 },
        { url: 'half-too', density: 0.5 },
      ],
      y: [
        { url: 'two', density: 2 },
        { url: 'one', density: 1 },
        { url: 'wide', width: 4096 },
      ],
    }
    expect((await run(folder, { parseSrcset: (input) => answers[input] ?? [] })).tables[0]?.failures).toEqual([])
  })

  it('hashes the pictures beside a table, those of quality 80 and more', async () => {
    const row = (file: string, quality: number, hash: string) => ({
      file,
      quality_measured: quality,
      reference_hashes: { cpp_512x512: hash.padEnd(64, '0') },
    })
    const rows = [
      row('near.jpg', 80, 'ffc'),
      row('far.jpg', 100, 'ffe'),
      row('dull.jpg', 79, 'fff'),
      row('gone.jpg', 90, ''),
    ]
    await table('pdq/table.json', { rows })
    for (const name of ['near.jpg', 'far.jpg', 'dull.jpg']) await table(`pdq/${name}`, name)
    const { tables } = await run(folder)
    expect(tables[0]).toMatchObject({ file: 'pdq/table.json', kind: 'pdq', passed: 1, total: 3 })
    expect(tables[0]?.failures.map(({ row: name }) => name)).toEqual(['far.jpg', 'gone.jpg'])
  })

  it('prints a line per table with the first failures', async () => {
    await table('ssrf.json', { names: ['localhost'], urls: [{ url: 'http://127.0.0.1/', block: false }] })
    expect((await run(folder, {}, false)).text).toBe(
      'ssrf.json: ssrf, 1 of 2 passed\n  urls[0] http://127.0.0.1/: expected false, got true\n',
    )
  })

  it('says when there is no table and when there is no folder', async () => {
    expect((await run(folder)).code).toBe(4)
    await expect(run(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' })
  })
})

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Explanation } from '../../../activities/explain/explanation.ts'
import { useTestDatabase } from '../../support/database.ts'
import { type ExampleWeb, serveWeb } from '../../support/example-web.ts'
import { makeRelease, useMella, WORKERS_LIMIT_MS } from '../../support/mella.ts'
import { AGENT, hostOf, optOutWeb, pageOf, pictureOf, type Signal, SIGNALS } from '../../support/opt-out-sites.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const RELEASE = 'heeded@1.0.0'

const database = useTestDatabase()
const mella = useMella('optout', database, useTestNamespace())
let web: ExampleWeb
let pictures: Map<string, Buffer>

const seeds = SIGNALS.flatMap(({ name }) => [true, false].map((isTwin) => `http://${hostOf(name, isTwin)}/`))
const SPEC = `dataset: heeded
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: Heeded, licence: CC0-1.0 }
crawl:
  seeds: { cs: ${JSON.stringify(seeds)} }
  limits: { pages_per_host: 5, depth: 2 }
  politeness: { delay_ms: 0, per_host: 2, per_address: 8, user_agent: '${AGENT} (+https://test.example/bot)' }
image: { min_side: 50, min_bytes: 0, max_ratio: 10 }
filters: { boilerplate: { count: 50, share: 0.9 }, near_image: { pdq: 0 } }
select: { max_per_host: 1 }
`

beforeAll(async () => {
  const sites = await optOutWeb()
  pictures = sites.pictures
  web = await serveWeb(sites.pages)
  mella.reach(web.port)
  await makeRelease(mella, database, SPEC)
}, WORKERS_LIMIT_MS)

afterAll(() => web[Symbol.asyncDispose]())

/** What a reader asks about: the page that was not followed, else the picture. */
function subjectOf({ name, site }: Signal): string {
  const host = hostOf(name, false)
  return site.link === undefined ? pictureOf(host, site) : pageOf(host, site)
}

test('every twin is in the release, and nothing that is reserved', async () => {
  const lines = (await mella.output('sample', 'list', RELEASE, '--json')).trim().split('\n')
  const hosts = lines.map((line) => new URL((JSON.parse(line) as { page_url: string }).page_url).host)
  expect(hosts.toSorted()).toEqual(SIGNALS.map(({ name }) => hostOf(name, true)).toSorted())
})

test('what is not in has the opt-out for its reason', async () => {
  const lines = (await mella.output('sample', 'list', RELEASE, '--all', '--json')).trim().split('\n')
  const candidates = lines.map((line) => JSON.parse(line) as { page_url: string; reasons?: string[]; reason?: string })
  const reserved = candidates.filter(({ page_url: url }) => !new URL(url).host.includes('-twin'))
  const withoutLink = SIGNALS.filter(({ site }) => site.link === undefined)
  expect(new Set(reserved.map(({ page_url: url }) => new URL(url).host)).size).toBe(withoutLink.length)
  for (const candidate of reserved) expect(JSON.stringify(candidate)).toContain('opted_out')
})

test.each(SIGNALS.map((signal) => [signal.name, signal] as const))(
  'sample explain quotes what %s said, where and when',
  async (name, signal) => {
    const url = subjectOf(signal)
    const explanation = JSON.parse(
      await mella.output('sample', 'explain', url, '--release', RELEASE, '--json'),
    ) as Explanation
    const lines = [explanation.pictures, explanation.candidates].flat().flatMap(({ opt_out: quoted }) => quoted)
    const quoted = [...lines, ...explanation.not_followed].filter(({ raw }) => raw.includes(signal.quotes))
    expect(quoted.length).toBeGreaterThan(0)
    const isLink = signal.site.link !== undefined
    const isFile = signal.site.tdm !== undefined || signal.site.robots !== undefined
    for (const line of quoted) {
      expect(new URL(line.url ?? '').host).toBe(hostOf(name, false))
      expect(Date.parse(line.fetched_at)).toBeGreaterThan(Date.parse('2026-01-01'))
      expect(line.file === null).toBe(!isFile)
      if (line.file) expect(Date.parse(line.file.fetched_at ?? '')).toBeLessThanOrEqual(Date.parse(line.fetched_at))
    }
    expect(quoted.some(({ reserves }) => reserves)).toBe(!isLink)
    expect(await mella.output('sample', 'explain', url, '--release', RELEASE)).toContain(`"${quoted[0]?.raw ?? ''}"`)
  },
)

test('no byte of a reserved picture is in the store, in no archive either', () => {
  const folder = path.join(mella.home, 'store', 'objects')
  const stored = new Set<string>()
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
    const raw = readFileSync(path.join(file.parentPath, file.name))
    const bytes = raw.length > 2 && raw.readUInt16BE(0) === 0x1f8b ? zlib.gunzipSync(raw) : raw
    for (const [host, picture] of pictures) if (bytes.includes(picture.subarray(40))) stored.add(host)
  }
  const mayBe = SIGNALS.flatMap(({ name, stored: isStored }) => [
    hostOf(name, true),
    ...(isStored === true ? [hostOf(name, false)] : []),
  ])
  expect([...stored].toSorted()).toEqual(mayBe.toSorted())
})

test('a reserved picture that was asked for leaves its digest', async () => {
  const rows = await sql<{ url: string; digest: string }>`
    SELECT u.url, encode(c.body_sha, 'hex') AS digest FROM capture c JOIN url u ON u.sha = c.url_sha
    WHERE c.reserved AND c.kind = 'picture' ORDER BY u.url COLLATE "C"`.execute(database.as('auditor'))
  expect(rows.rows.length).toBeGreaterThan(0)
  for (const { url, digest } of rows.rows) {
    const picture = pictures.get(new URL(url).host) as Buffer
    expect(digest).toBe(createHash('sha256').update(picture).digest('hex'))
  }
})

test('a TDM file is asked for once, before anything of its origin but robots.txt', () => {
  for (const host of pictures.keys()) {
    const paths = web.log.map(({ url }) => new URL(url)).filter((url) => url.host === host)
    expect(paths.slice(0, 2).map(({ pathname }) => pathname)).toEqual(['/robots.txt', '/.well-known/tdmrep.json'])
    expect(paths.filter(({ pathname }) => pathname === '/.well-known/tdmrep.json')).toHaveLength(1)
  }
})

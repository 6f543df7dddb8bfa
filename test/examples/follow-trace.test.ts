import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BoundRow, rowLeaf } from '../../activities/package/leaf.ts'
import { encodeRows } from '../../activities/package/row-artifact.ts'
import { describeTrace } from '../../activities/trace/describe-trace.ts'
import type { KeyTrace } from '../../activities/trace/trace-key.ts'
import { createFolderStore } from '../../infra/objects.ts'
import { base32, createSegment, encodeResponse } from '../../infra/warc.ts'
import { aNormaliseFact } from '../support/facts.ts'
import { aRow } from '../activities/package/a-row.ts'

const SCRIPT = path.resolve(import.meta.dirname, '../../examples/verify/follow_trace.py')
const PYTHON = 'python3'
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest()
const hasPython = spawnSync(PYTHON, ['--version']).status === 0

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mella-trace-'))
})
afterEach(() => rm(folder, { recursive: true }))

const HTML = '<p><img src="1.jpg" alt="Star&yacute; ml&yacute;n\n u řeky"></p>'

/** A trace whose objects all lie in a store: one page (gzip on the wire), one picture, one caption, one row. */
async function aTrace(store = createFolderStore(folder)): Promise<KeyTrace> {
  const put = async (text: string | Buffer) => (await store.put(Buffer.from(text))).toString('hex')
  const segment = createSegment()
  const capture = async (url: string, body: Buffer, coding: string | null) => {
    const rawBody = coding === null ? body : gzipSync(body)
    const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']]
    if (coding !== null) headers.push(['Content-Encoding', coding])
    const record = await encodeResponse({
      url,
      startedAt: 0,
      remoteAddress: null,
      status: 200,
      statusText: 'OK',
      headers,
      rawBody,
      contentCodings: coding === null ? [] : [coding],
      body,
      bodySha256: sha256(body).toString('hex'),
    })
    return {
      crawl: 'test-1',
      url,
      status: 200,
      fetched_at: '1970-01-01T00:00:00.000Z',
      media_type: 'text/html',
      content_language: null,
      payload_digest: `sha256:${base32(sha256(body))}`,
      warc: { segment: '', ...segment.add(record) },
      signals: [],
    }
  }
  const page = await capture('http://a.example/', Buffer.from(HTML), 'gzip')
  const bytes = Buffer.from('picture as fetched')
  const picture = await capture('http://a.example/1.jpg', bytes, null)
  const sealed = await put(segment.seal().bytes)
  page.warc.segment = sealed
  picture.warc.segment = sealed
  const released = await put('picture as released')
  const prompt = await put('Describe the picture.')
  const parts = [{ type: 'image', sha256: released, media_type: 'image/jpeg' }]
  const request = await put(
    JSON.stringify({
      task: 'caption',
      prompt: { id: 'p', sha256: prompt, notes: null },
      schema: null,
      messages: [{ role: 'user', parts }],
    }),
  )
  const content = JSON.stringify({ caption: 'An old mill.' })
  const response = await put(JSON.stringify({ choices: [{ message: { content } }] }))
  const {
    image,
    leaf: _,
    ...bound
  } = aRow({
    alt_text: 'Starý mlýn u řeky',
    caption_pivot: 'An old mill.',
    caption_ling: null,
    caption_thick: null,
    image_sha256: released,
  })
  const row: BoundRow = bound
  const leaf = rowLeaf(row).toString('hex')
  const artifact = await put(encodeRows([{ row, pictureBytes: image?.bytes?.length ?? 0 }]))
  const spec = await put('{}')
  const definition = await put('{"rev":1,"step":"caption"}')
  const normalise = aNormaliseFact({ name: 'a' })
  const text = { text: 'Starý mlýn u řeky', source: 'alt', type: 'description', tag: 'cs', reason: null }
  return {
    key: row.key,
    lang: 'cs',
    release: { id: 'test-1.0.0', spec, split: 'train', leaf },
    crawls: ['test-1'],
    pages: [
      { ...page, candidates: [{ position: 0, image_url: 'http://a.example/1.jpg', texts: [text], kept_text: 0 }] },
    ],
    pictures: [{ ...picture, picture: await put(bytes) }],
    facts: [
      { step: 'normalise', definition, value: { ...normalise, released: { ...normalise.released, sha256: released } } },
    ],
    verdicts: [{ stage: 'judge', reason: null, rules: [] }],
    generations: [
      { task: 'caption', definition, calls: [{ request, response }], reason: null, text: 'An old mill.', detail: {} },
    ],
    definitions: { caption: { sha256: definition, rev: 1 } },
    row: { artifact, leaf },
    objects: [{ sha256: spec, what: 'resolved spec' }],
  }
}

function follow(trace: KeyTrace): { status: number | null; last: string } {
  const { status, stdout } = spawnSync(PYTHON, [SCRIPT, folder], { input: JSON.stringify(trace), encoding: 'utf8' })
  return { status, last: stdout.trim().split('\n').at(-1) ?? '' }
}

const fileOf = (digest: string) => path.join(folder, digest.slice(0, 2), digest.slice(2, 4), digest)

// The program is Python's, and a machine without Python can still run mella.
describe.runIf(hasPython)('follow_trace.py', () => {
  test('follows a trace from the archived text to the leaf', async () => {
    expect(follow(await aTrace())).toEqual({
      status: 0,
      last: 'ok    its caption_thick is what the recorded calls led to',
    })
  })

  test('ends 1 where the archived page does not hold the text', async () => {
    const trace = await aTrace()
    trace.pages[0]!.candidates[0]!.texts = [{ text: 'Nový mlýn', reason: null }]
    expect(follow(trace)).toEqual({ status: 1, last: "BAD   the record holds the text 'Nový mlýn'" })
  })

  test('ends 1 where an object was changed on disk, or is not there', async () => {
    const trace = await aTrace()
    const { artifact } = trace.row ?? { artifact: '' }
    await writeFile(fileOf(artifact), 'other bytes')
    expect(follow(trace)).toEqual({ status: 1, last: `BAD object ${artifact} holds other bytes than its name says` })
    await rm(fileOf(artifact))
    expect(follow(trace)).toEqual({ status: 1, last: `BAD object ${artifact} is not in the store` })
  })

  test('ends 1 where a generated text is not what the response says', async () => {
    const trace = await aTrace()
    trace.generations[0]!.text = 'A new mill.'
    expect(follow(trace)).toMatchObject({ status: 1, last: expect.stringContaining('says the text') })
  })

  test('ends 1 where the leaf is another', async () => {
    const trace = await aTrace()
    trace.row!.leaf = '0'.repeat(64)
    expect(follow(trace)).toMatchObject({ status: 1, last: expect.stringMatching(/^BAD {3}its leaf is/) })
  })
})

test('a trace is told to people from the web to the row', async () => {
  const trace = await aTrace()
  const lines = describeTrace(trace)
  expect(lines[0]).toBe(`sample ${trace.key} (cs) in release test-1.0.0`)
  expect(lines).toContain(`  archived in ${trace.pages[0]?.warc?.segment} at 0, ${trace.pages[0]?.warc?.length} bytes`)
  expect(lines).toContain('    alt (native text): Starý mlýn u řeky')
  expect(lines).toContain(
    `  request ${trace.generations[0]?.calls[0]?.request}, response ${trace.generations[0]?.calls[0]?.response}`,
  )
  expect(lines).toContain(`row in ${trace.row?.artifact}, split train, leaf ${trace.row?.leaf}`)
})

import { expect, test } from 'vitest'
import { readArchive, type ReadDeps, type Stretch } from '../../../activities/crawl/read-archive.ts'
import type { ScannedRecord } from '../../../infra/warc-scan.ts'
import type { ArchiveWork } from '../../../schema/queries/archives.ts'
import type { Lease } from '../../../schema/queries/leases.ts'

const RECORDS = 250
const RECORD_BYTES = 10
const LEASE: Lease = { crawlNo: 1, shard: 0, fence: '1' }
const WORK = { file: 'a.warc', bytes: RECORDS * RECORD_BYTES, sha: Buffer.alloc(32), site_no: 1 } as ArchiveWork

type Commit = Stretch & { records: number }

interface Change extends Partial<ReadDeps> {
  from?: number
  budgetMs?: number
  /** Bytes of the body in each record. */
  bodyBytes?: number
  /** Called at each record. */
  onTake?: () => void
}

/** Reads an archive of 250 records of ten bytes; its clock stands. Returns what each commit was of as well. */
async function read({ from = 0, budgetMs = 1_000, bodyBytes = 0, onTake, ...changes }: Change, commits: Commit[] = []) {
  const deps = {
    maxBodyBytes: 100,
    files: { size: () => Promise.resolve(WORK.bytes), scan },
    isPaused: () => Promise.resolve(false),
    now: () => 0,
    signal: new AbortController().signal,
    ...changes,
  } as ReadDeps
  const reading = {
    from,
    take: ({ offset, length }: ScannedRecord) => {
      onTake?.()
      return Promise.resolve({ next: offset + length })
    },
    newBatch: () => ({
      records: 0,
      bytes: 0,
      add() {
        this.records += 1
        this.bytes += bodyBytes
      },
    }),
    commit: ({ records }: { records: number }, stretch: Stretch) => {
      commits.push({ ...stretch, records })
      return Promise.resolve(records)
    },
  }
  return { run: await readArchive(deps, LEASE, WORK, reading, budgetMs), commits }
}

async function* scan(_file: string, from: number): AsyncGenerator<ScannedRecord> {
  for (let offset = from; offset < RECORDS * RECORD_BYTES; offset += RECORD_BYTES)
    yield { kind: 'record', offset, length: RECORD_BYTES, fields: [], block: Buffer.alloc(0) }
}

test('each batch begins where the one before it led to, and the last one is the end', async () => {
  expect(await read({ from: 100 })).toEqual({
    run: { outcome: 'idle', committed: 240 },
    commits: [
      { from: 100, nextOffset: 1_140, done: false, records: 104 },
      { from: 1_140, nextOffset: 2_180, done: false, records: 104 },
      { from: 2_180, nextOffset: 2_500, done: true, records: 32 },
    ],
  })
})

test('a crawl that is paused is read no further than the batch that is due', async () => {
  expect(await read({ isPaused: () => Promise.resolve(true) })).toEqual({
    run: { outcome: 'paused', committed: 104 },
    commits: [{ from: 0, nextOffset: 1_040, done: false, records: 104 }],
  })
})

test('a run whose time is over ends with the batch that is due', async () => {
  expect(await read({ budgetMs: 0 })).toEqual({
    run: { outcome: 'budget', committed: 104 },
    commits: [{ from: 0, nextOffset: 1_040, done: false, records: 104 }],
  })
})

test('a batch is due after two seconds, however little is in it', async () => {
  let now = 0
  const { commits } = await read({ now: () => now, budgetMs: 1_000_000, onTake: () => (now += 100) })
  expect(commits.slice(0, 2)).toEqual([
    { from: 0, nextOffset: 240, done: false, records: 24 },
    { from: 240, nextOffset: 480, done: false, records: 24 },
  ])
})

test('a batch is due at 16 MiB, however few records they are', async () => {
  const { commits } = await read({ bodyBytes: 2 * 1024 * 1024 })
  expect(commits[0]).toEqual({ from: 0, nextOffset: 80, done: false, records: 8 })
})

test('an activity that is cancelled commits nothing more', async () => {
  const cancelled = new AbortController()
  let left = 120
  const onTake = () => {
    if ((left -= 1) === 0) cancelled.abort(new Error('cancelled'))
  }
  const commits: Commit[] = []
  await expect(read({ signal: cancelled.signal, onTake }, commits)).rejects.toThrow('cancelled')
  expect(commits).toEqual([{ from: 0, nextOffset: 1_040, done: false, records: 104 }])
})

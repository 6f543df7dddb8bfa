import { beforeEach, describe, expect, test } from 'vitest'
import {
  BATCH_BYTES,
  BATCH_MS,
  BATCH_RECORDS,
  type CaptureDraft,
  CrawlBatch,
  type RobotsResult,
  type UrlResult,
} from '../../../activities/crawl/batch.ts'

let batch: CrawlBatch
beforeEach(() => {
  batch = new CrawlBatch()
})

const aDraft = (bytes: number) => ({ record: { rawBody: { length: bytes } } }) as CaptureDraft
const aResult = (bytes: number | null = null) =>
  ({ draft: bytes === null ? null : aDraft(bytes), found: [] }) as unknown as UrlResult
const aRobots = (...bytes: number[]): RobotsResult => ({
  origin: 'http://a.example',
  rules: null,
  verdict: 'allow_all',
  shard: 0,
  drafts: bytes.map(aDraft),
})

describe('a batch is sealed', () => {
  test('at a hundred records, pages and robots files together', () => {
    for (let no = 0; no < BATCH_RECORDS - 2; no += 1) batch.addResult(aResult(), 0)
    batch.addRobots(aRobots(1), 0)
    expect([batch.records, batch.isDue(0)]).toEqual([99, false])
    batch.addResult(aResult(), 0)
    expect([batch.records, batch.isDue(0)]).toEqual([100, true])
  })

  test('at 16 MiB of bodies, those of each hop to a robots file too', () => {
    batch.addResult(aResult(BATCH_BYTES - 30), 0)
    batch.addResult(aResult(null), 0)
    batch.addRobots(aRobots(10, 19), 0)
    expect([batch.bytes, batch.isDue(0)]).toEqual([16 * 1024 * 1024 - 1, false])
    batch.addResult(aResult(1), 0)
    expect(batch.isDue(0)).toBe(true)
  })

  test('two seconds after its first record, whatever came since', () => {
    batch.addRobots(aRobots(1), 1_000)
    batch.addResult(aResult(), 2_500)
    batch.addRobots(aRobots(1), 2_900)
    expect([batch.isDue(1_000 + BATCH_MS - 1), batch.isDue(3_000)]).toEqual([false, true])
  })

  test('never when it is empty', () => {
    expect(batch.isDue(1_000_000)).toBe(false)
  })

  test('by what it holds, in the order in which it came', () => {
    const [first, second, robots] = [aResult(), aResult(), aRobots(1)]
    batch.addResult(first, 0)
    batch.addRobots(robots, 0)
    batch.addResult(second, 0)
    expect([batch.results, batch.robots]).toEqual([[first, second], [robots]])
  })
})

test('frees the bodies of all its responses, as received and decoded', () => {
  const bodies = Array.from({ length: 6 }, () => Buffer.alloc(10_000))
  const draftOf = (at: number) => ({ record: { rawBody: bodies[at], body: bodies[at + 1] } }) as unknown as CaptureDraft
  batch.addResult({ draft: draftOf(0), found: [] } as unknown as UrlResult, 0)
  batch.addResult({ draft: { record: null }, found: [] } as unknown as UrlResult, 0)
  batch.addRobots({ ...aRobots(), drafts: [draftOf(2)] }, 0)
  batch.addTdm({ origin: 'http://a.example', rules: [], shard: 0, drafts: [draftOf(4)] }, 0)
  batch.end()
  expect(bodies.map((each) => each.length)).toEqual(Array(6).fill(10_000))
  batch.releaseBodies()
  expect(bodies.map((each) => each.length)).toEqual(Array(6).fill(0))
})

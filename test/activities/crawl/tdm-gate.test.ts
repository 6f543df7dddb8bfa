import { expect, test } from 'vitest'
import type { TdmResult } from '../../../activities/crawl/batch.ts'
import { TdmGate, type TdmGateDeps } from '../../../activities/crawl/tdm-gate.ts'
import type { FetchResult } from '../../../infra/http.ts'

const ORIGIN = 'https://site.example'
const FILE = `${ORIGIN}/.well-known/tdmrep.json`
const RESERVED = '[{"location":"/","tdm-reservation":1}]'

const common = { headers: [], remoteAddress: null, startedAt: 0, durationMs: 1 }
const answer = (url: string, status: number, body = '', location?: string) =>
  ({
    ...common,
    kind: 'response',
    url,
    status,
    headers: location === undefined ? [] : [['location', location]],
    body: Buffer.from(body),
    rawBody: Buffer.from(body),
  }) as unknown as FetchResult
const failure = (url: string, reason: string) =>
  ({ ...common, kind: 'failure', url, reason, errorCode: 'X', message: 'no', status: null }) as unknown as FetchResult

/** A gate over answers by URL, the next one at each request; what it asked for, waited and recorded. */
function aGate(answers: Record<string, FetchResult[]>, changes: Partial<TdmGateDeps> = {}) {
  const asked: string[] = []
  const waits: number[] = []
  /** Turns that were waited for, with the requests made before. */
  const turns: [url: string, after: number][] = []
  const recorded: TdmResult[] = []
  const gate = new TdmGate({
    fetch: (url) => {
      asked.push(url)
      const [next = answer(url, 404)] = answers[url] ?? []
      if ((answers[url]?.length ?? 0) > 1) answers[url]?.shift()
      return Promise.resolve(next)
    },
    load: () => Promise.resolve(null),
    mayAsk: () => Promise.resolve(true),
    turn: (url) => {
      turns.push([url, asked.length])
      return Promise.resolve()
    },
    place: (url) => ({ url, sha: Buffer.alloc(32), host: 'site.example', shard: 3 }),
    record: (result) => recorded.push(result),
    sleep: (ms) => {
      waits.push(ms)
      return Promise.resolve()
    },
    ...changes,
  })
  return { gate, asked, waits, turns, recorded }
}

/** What the file says of a URL; where the URL was not asked for, why. */
const values = async (gate: TdmGate, path: string, attempts = 0, page = answer(`${ORIGIN}${path}`, 200)) => {
  const { response, signals } = await gate.under(`${ORIGIN}${path}`, attempts, () => Promise.resolve(page))
  return response.kind === 'failure' ? response.message : signals.map(({ value }) => value)
}

test('asks once for an origin, apart from other requests, and keeps the answer as evidence', async () => {
  const { gate, asked, turns, recorded } = aGate({ [FILE]: [answer(FILE, 200, RESERVED)] })
  expect(gate.knows(`${ORIGIN}/a`)).toBe(false)
  // The caller's turn, and no other.
  expect([await gate.prepare(`${ORIGIN}/a`), gate.knows(`${ORIGIN}/b`)]).toEqual([true, true])
  expect(await Promise.all([values(gate, '/a'), values(gate, '/b')])).toEqual([['1'], ['1']])
  expect([asked, turns]).toEqual([[FILE], []])
  expect(recorded.map(({ origin, shard, rules, drafts }) => [origin, shard, rules.length, drafts.length])).toEqual([
    [ORIGIN, 3, 1, 1],
  ])
  expect(recorded[0]?.drafts[0]?.capture).toMatchObject({ kind: 'tdmrep', status: 200, reserved: false })
})

test('a stored answer is not asked for again', async () => {
  const { gate, asked } = aGate({}, { load: () => Promise.resolve([]) })
  expect([await gate.prepare(`${ORIGIN}/`), await values(gate, '/'), asked]).toEqual([false, [], []])
})

test('robots.txt may keep the file from us, which is as if there were none', async () => {
  const { gate, asked, recorded } = aGate({}, { mayAsk: () => Promise.resolve(false) })
  expect([await values(gate, '/'), asked, recorded]).toEqual([[], [], []])
})

test('redirects are followed, each hop is evidence, and a ring ends', async () => {
  const there = 'https://other.example/tdm.json'
  const one = aGate({ [FILE]: [answer(FILE, 301, '', there)], [there]: [answer(there, 200, RESERVED)] })
  expect(await values(one.gate, '/')).toEqual(['1'])
  expect(one.recorded[0]?.drafts.map(({ url }) => url)).toEqual([FILE, there])
  expect(one.turns).toEqual([[there, 1]])
  const ring = aGate({ [FILE]: [answer(FILE, 301, '', FILE)] })
  expect([await values(ring.gate, '/'), ring.asked.length]).toEqual([[], 6])
})

test('an overloaded server is asked again, and one that stays so has no file', async () => {
  const later = aGate({ [FILE]: [answer(FILE, 503), answer(FILE, 200, RESERVED)] })
  expect([await values(later.gate, '/'), later.waits, later.turns]).toEqual([['1'], [2000], [[FILE, 1]]])
  const never = aGate({ [FILE]: [answer(FILE, 503)] })
  expect([await values(never.gate, '/'), never.asked.length]).toEqual([[], 3])
})

test('a URL waits for a file that cannot be reached as for itself, and goes without it when its server answers', async () => {
  const { gate, asked, recorded } = aGate({ [FILE]: [failure(FILE, 'reset')] })
  const fault = '/.well-known/tdmrep.json: no'
  expect([await values(gate, '/a', 0), await values(gate, '/a', 1)]).toEqual([fault, fault])
  expect([recorded, asked.length]).toEqual([[], 1])
  expect([await values(gate, '/a', 2), await values(gate, '/b', 0), asked.length]).toEqual([[], [], 2])
  expect(recorded.map(({ rules, drafts }) => [rules, drafts])).toEqual([[[], []]])
})

test('a server that is down is not taken for one without a file, and one that comes back is asked', async () => {
  const down = aGate({ [FILE]: [failure(FILE, 'refused')] })
  expect(await values(down.gate, '/a', 2, failure(`${ORIGIN}/a`, 'refused'))).toBe('no')
  expect(down.recorded).toEqual([])
  const back = aGate({ [FILE]: [failure(FILE, 'refused'), answer(FILE, 200, RESERVED)] })
  expect([await values(back.gate, '/a', 2), back.recorded.length]).toEqual([['1'], 1])
  // The page had the turn.
  expect(back.turns).toEqual([[FILE, 1]])
})

test('a fault that is no matter of the way there means that there is no file', async () => {
  const { gate } = aGate({ [FILE]: [failure(FILE, 'too_large')] })
  expect(await values(gate, '/')).toEqual([])
})

import { describe, expect, test } from 'vitest'
import type { RobotsResult } from '../../../activities/crawl/batch.ts'
import { type OriginRules, RobotsGate } from '../../../activities/crawl/robots-gate.ts'
import { sha256 } from '../../../activities/digest.ts'
import type { FetchResult } from '../../../infra/http.ts'

const ORIGIN = 'http://a.example'

interface Answer {
  status?: number
  body?: string
  to?: string
  /** The request fails with this reason and this word of the system. */
  failure?: [reason: 'dns_failed' | 'refused' | 'too_large' | 'address_blocked', errorCode: string]
}

function resultOf(url: string, { status = 200, body = '', to, failure }: Answer): FetchResult {
  const head = { url, remoteAddress: '192.0.2.1', startedAt: 0, durationMs: 1, latencyMs: 1 }
  const headers: [string, string][] = to === undefined ? [] : [['Location', to]]
  if (failure) {
    const [reason, errorCode] = failure
    return { kind: 'failure', ...head, reason, errorCode, message: '', status: null, headers }
  }
  const bytes = Buffer.from(body)
  const raw = { body: bytes, rawBody: bytes, contentCodings: [], truncated: false as const }
  return { kind: 'response', ...head, status: to === undefined ? status : 301, statusText: '', headers, ...raw }
}

/** A gate before a web that gives these answers in turn; the last one is given for ever. */
function aGate(answers: Answer[], stored: OriginRules | null = null) {
  const asked: string[] = []
  const waits: number[] = []
  /** Turns that were waited for, with the requests made before. */
  const turns: [url: string, after: number][] = []
  const recorded: RobotsResult[] = []
  const gate = new RobotsGate({
    fetch: (url, limits) => {
      expect(limits).toEqual({ maxBodyBytes: 512 * 1024 + 1, cut: true })
      asked.push(url)
      const answer = answers[Math.min(asked.length, answers.length) - 1]
      return answer ? Promise.resolve(resultOf(url, answer)) : Promise.reject(new Error('the worker stops'))
    },
    load: () => Promise.resolve(stored),
    place: (url) => ({ url, sha: sha256(`place ${url}`), host: new URL(url).host, shard: 3 }),
    record: (result) => recorded.push(result),
    turn: (url) => {
      turns.push([url, asked.length])
      return Promise.resolve()
    },
    sleep: (ms) => {
      waits.push(ms)
      return Promise.resolve()
    },
    token: 'testbot',
  })
  return { gate, asked, waits, turns, recorded, answers }
}

const ask = (answers: Answer[], path = '/x') => aGate(answers).gate.ask(`${ORIGIN}${path}`)

describe('RobotsGate', () => {
  test('allows what the rules allow, with the wait and the sitemaps that they name', async () => {
    const body = 'User-agent: *\nCrawl-delay: 2\nDisallow: /no\nSitemap: /map.xml\n'
    expect(await ask([{ body }])).toMatchObject({
      allowed: true,
      delayMs: 2_000,
      sitemaps: [`${ORIGIN}/map.xml`],
    })
  })

  test('refuses what a rule forbids, and quotes the rule with its line', async () => {
    expect(await ask([{ body: 'User-agent: testbot\nDisallow: /no\n' }], '/no/page')).toEqual({
      allowed: false,
      reason: 'robots_disallowed',
      detail: 'disallow: /no (line 2)',
    })
  })

  test('waits as long as half a minute for a site, and skips one that asks for longer', async () => {
    const delay = (seconds: number) => ask([{ body: `User-agent: *\nCrawl-delay: ${seconds}\nAllow: /\n` }])
    expect(await delay(30)).toMatchObject({ allowed: true, delayMs: 30_000 })
    expect(await delay(31)).toMatchObject({ allowed: false, detail: 'crawl-delay 31 s' })
  })

  test('says without asking what a rule at hand forbids, and nothing of an origin that it has not asked', async () => {
    const { gate, asked } = aGate([{ body: 'User-agent: testbot\nDisallow: /no\n' }])
    expect(gate.refusal(`${ORIGIN}/no/page`)).toBeNull()
    await gate.ask(`${ORIGIN}/x`)
    expect(gate.refusal(`${ORIGIN}/no/page`)).toEqual({
      reason: 'robots_disallowed',
      detail: 'disallow: /no (line 2)',
    })
    expect(gate.refusal(`${ORIGIN}/x`)).toBeNull()
    gate.forget('a.example')
    expect(gate.refusal(`${ORIGIN}/no/page`)).toBeNull()
    expect(asked).toEqual([`${ORIGIN}/robots.txt`])
  })

  test('allows everything where there is no file', async () => {
    expect(await ask([{ status: 404 }])).toMatchObject({ allowed: true, delayMs: 0, sitemaps: [] })
  })

  test('asks a file once for all URLs of its origin, also for those that come meanwhile', async () => {
    const { gate, asked, recorded } = aGate([{ body: 'User-agent: *\nDisallow: /no\n' }])
    const answers = await Promise.all(['/no', '/yes'].map((path) => gate.ask(`${ORIGIN}${path}`)))
    await gate.ask(`${ORIGIN}/later`)
    await gate.ask('http://a.example:8080/x')
    expect(answers.map(({ allowed }) => allowed)).toEqual([false, true])
    expect(asked).toEqual([`${ORIGIN}/robots.txt`, 'http://a.example:8080/robots.txt'])
    expect(recorded.map(({ origin, verdict }) => [origin, verdict])).toEqual([
      [ORIGIN, 'rules'],
      ['http://a.example:8080', 'rules'],
    ])
  })

  test('takes a stored answer without a request', async () => {
    const { gate, asked, recorded } = aGate([], { verdict: 'allow_all', rules: null })
    expect(await gate.ask(`${ORIGIN}/x`)).toMatchObject({ allowed: true })
    expect([asked, recorded]).toEqual([[], []])
  })

  test('refuses everything while a file cannot be had, asks three times with growing waits, and says why', async () => {
    const { gate, asked, waits, turns, recorded } = aGate([{ status: 503 }, { failure: ['refused', 'ECONNREFUSED'] }])
    expect(await gate.ask(`${ORIGIN}/x`)).toEqual({
      allowed: false,
      reason: 'robots_unreachable',
      detail: 'refused ECONNREFUSED',
    })
    expect([asked.length, waits]).toEqual([3, [2_000, 4_000]])
    expect(turns).toEqual([
      [`${ORIGIN}/robots.txt`, 1],
      [`${ORIGIN}/robots.txt`, 2],
    ])
    // The answers of all tries are evidence; a failure is none.
    expect(recorded).toMatchObject([{ origin: ORIGIN, verdict: 'disallow_all', rules: null, shard: 3 }])
    expect(recorded[0]?.drafts.map(({ url, capture }) => [url, capture.status])).toEqual([
      [`${ORIGIN}/robots.txt`, 503],
    ])
  })

  test('names the status of the last try, or the reason alone where the system has no word for it', async () => {
    expect(await ask([{ status: 429 }])).toMatchObject({ reason: 'robots_unreachable', detail: 'status 429' })
    expect(await ask([{ failure: ['too_large', ''] }])).toMatchObject({ detail: 'too_large' })
  })

  test('goes by the file once a later try has it', async () => {
    const { gate, waits, recorded } = aGate([{ status: 500 }, { body: 'User-agent: *\nDisallow: /no\n' }])
    expect(await gate.ask(`${ORIGIN}/x`)).toMatchObject({ allowed: true })
    expect(waits).toEqual([2_000])
    expect(recorded[0]?.drafts.map(({ capture }) => capture.status)).toEqual([500, 200])
  })

  test('follows five redirects, keeps each hop under its own URL, and gives up at the sixth', async () => {
    const hop = { to: '/elsewhere/robots.txt' }
    const { gate, recorded } = aGate([hop, hop, hop, hop, hop, { body: 'User-agent: *\nDisallow: /\n' }])
    expect(await gate.ask(`${ORIGIN}/x`)).toMatchObject({ allowed: false, reason: 'robots_disallowed' })
    const drafts = recorded[0]?.drafts ?? []
    expect(drafts.map(({ url }) => url)).toEqual([
      `${ORIGIN}/robots.txt`,
      ...Array.from({ length: 5 }, () => `${ORIGIN}/elsewhere/robots.txt`),
    ])
    expect(drafts.map(({ capture }) => [capture.kind, capture.urlSha])).toEqual(
      drafts.map(({ url }) => ['robots', sha256(`place ${url}`)]),
    )
    expect(await ask([hop])).toEqual({
      allowed: false,
      reason: 'robots_unreachable',
      detail: 'too_many_redirects',
    })
  })

  test('each hop waits for a turn of the host that it leads to', async () => {
    const there = 'https://b.example/robots.txt'
    const { gate, turns } = aGate([{ to: there }, { to: '/again/robots.txt' }, { status: 404 }])
    expect(await gate.prepare(`${ORIGIN}/x`)).toBe(true)
    expect(turns).toEqual([
      [there, 1],
      ['https://b.example/again/robots.txt', 2],
    ])
  })

  test('refuses everything where the file is redirected to what is no web address', async () => {
    expect(await ask([{ to: 'ftp://a.example/robots.txt' }])).toMatchObject({
      reason: 'robots_unreachable',
      detail: 'bad_scheme',
    })
  })

  test('asks once at an address that may not be visited, and says that it is the address', async () => {
    const { gate, asked, waits } = aGate([{ failure: ['address_blocked', 'ADDRESS_BLOCKED'] }])
    expect(await gate.ask(`${ORIGIN}/x`)).toEqual({
      allowed: false,
      reason: 'address_blocked',
      detail: 'address_blocked ADDRESS_BLOCKED',
    })
    expect([asked.length, waits]).toEqual([1, []])
  })

  test('takes a redirect to such an address for a file that cannot be had', async () => {
    const hop: Answer[] = [{ to: 'http://10.0.0.1/robots.txt' }, { failure: ['address_blocked', 'ADDRESS_BLOCKED'] }]
    const { gate } = aGate([...hop, ...hop, ...hop])
    expect(await gate.ask(`${ORIGIN}/x`)).toMatchObject({ reason: 'robots_unreachable' })
  })

  test('asks again after a load that failed, as it does when the worker stops', async () => {
    const { gate, answers } = aGate([])
    await expect(gate.ask(`${ORIGIN}/x`)).rejects.toThrow('the worker stops')
    answers.push({ status: 404 })
    expect(await gate.ask(`${ORIGIN}/x`)).toMatchObject({ allowed: true })
  })
})

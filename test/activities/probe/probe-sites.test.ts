import { describe, expect, test } from 'vitest'
import { readSitemap } from '../../../activities/crawl/sitemap.ts'
import { extractInputDigest, extractPage } from '../../../activities/extract/extract-page.ts'
import { reportSite, type SiteReport, sumEstimates } from '../../../activities/probe/describe-probe.ts'
import { probeSites } from '../../../activities/probe/probe-sites.ts'
import { sniffImageFormat } from '../../../infra/image-format.ts'
import type { FetchResult } from '../../../infra/http.ts'
import { aSection, type SectionChanges } from '../../support/crawl.ts'

const SITE = 'http://a.example'
const TEXT = 'Na náměstí stojí stará radnice s věží, ze které je vidět celé údolí. '.repeat(5)
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

type Answer = { status?: number; type?: string; body?: string | Buffer; headers?: [string, string][] } | 'refused'

function answerOf(url: string, answer: Answer | undefined): FetchResult {
  const common = { url, remoteAddress: '127.0.0.1', startedAt: 0, latencyMs: 1, durationMs: 1 }
  if (answer === 'refused')
    return {
      kind: 'failure',
      ...common,
      reason: 'refused',
      errorCode: 'ECONNREFUSED',
      message: 'refused',
      status: null,
      headers: [],
    }
  const { status = 200, type = 'text/html; charset=utf-8', body = '', headers = [] } = answer ?? { status: 404 }
  const bytes = Buffer.from(body)
  return {
    kind: 'response',
    ...common,
    status,
    statusText: '',
    headers: [['content-type', type], ...headers],
    body: bytes,
    rawBody: bytes,
    contentCodings: [],
    truncated: false,
  }
}

/** Probes a web of these answers; what is not named is a 404. */
async function probe(web: Record<string, Answer>, pages: number, changes: SectionChanges = {}) {
  const asked: string[] = []
  const times: number[] = []
  const section = aSection([`${SITE}/`], changes)
  let clock = 0
  const { sites, robots } = await probeSites({
    section,
    pages,
    concurrency: 4,
    fetch: (url) => {
      asked.push(url)
      times.push(clock)
      return Promise.resolve(answerOf(url, web[url]))
    },
    extractPage: (input) => {
      clock += 600_000
      if (!input.url.endsWith('/slow')) return Promise.resolve(extractPage(input))
      return Promise.resolve({ ok: false, reason: 'kills_worker' })
    },
    extractInput: extractInputDigest,
    pageLanguage: (_, declared) => ({
      eld: { lang: 'cs', score: 1 },
      cld3: { lang: 'cs', score: 1 },
      shares: [{ lang: 'cs', eld: 1, cld3: 1, both: 1 }],
      scripts: [],
      letters: 1,
      evidence: 1,
      declared,
    }),
    sniffImage: sniffImageFormat,
    matchAbuse: () => Promise.resolve(null),
    readSitemap,
    now: () => clock,
    sleep: async (ms) => {
      clock += ms
      await new Promise(setImmediate)
    },
    onPage: () => {},
  })
  const reports = sites.map((site) => reportSite(site, section, robots))
  return { sites, asked, times, report: reports[0] as SiteReport, total: sumEstimates(reports) }
}

const page = (links: string[], pictures = 0, rest = TEXT) =>
  `<html lang="cs"><title>x</title><p>${rest}</p>${links.map((to) => `<a href="${to}">d</a>`).join('')}${Array.from(
    { length: pictures },
    (_, no) => `<img src="/${no}.png" alt="Pohled na most ${no}">`,
  ).join('')}</html>`

/** A site of a hundred pages, each listed on the first. */
const hundred = (): Record<string, Answer> => ({
  [`${SITE}/`]: { body: page(Array.from({ length: 100 }, (_, no) => `/p${no}`)) },
  ...Object.fromEntries(Array.from({ length: 100 }, (_, no) => [`${SITE}/p${no}`, { body: page([]) }])),
})

describe('a probe', () => {
  test('asks for no more pages of a site than it may, and estimates the rest', async () => {
    const { asked, report } = await probe(hundred(), 10)
    expect(asked.filter((url) => url !== `${SITE}/robots.txt`)).toHaveLength(10)
    expect(report.pages).toEqual({ asked: 10, read: 10, known: 101, reserved: 0, need_javascript: 0 })
    expect(report.languages).toEqual([{ lang: 'cs', pages: 10 }])
    expect(report.estimate).toMatchObject({ pages: 101, exact: false })
  })

  test('waits between robots.txt, where it leads, and the first page', async () => {
    const web = {
      [`${SITE}/robots.txt`]: { status: 301, headers: [['location', '/r/robots.txt']] as [string, string][] },
      [`${SITE}/r/robots.txt`]: { body: 'User-agent: *\nCrawl-delay: 2\n' },
      [`${SITE}/`]: { body: page([]) },
    }
    const { asked, times } = await probe(web, 1, { politeness: { delay_ms: 1000 } })
    expect(asked).toEqual([`${SITE}/robots.txt`, `${SITE}/r/robots.txt`, `${SITE}/`])
    expect(times.map((time) => Math.round(time / 1000))).toEqual([0, 1, 3])
  })

  test('estimates no more than the budget of the spec', async () => {
    const { report } = await probe(hundred(), 10, { limits: { pages_per_host: 30 } })
    expect(report.estimate).toMatchObject({ pages: 30, exact: false })
  })

  test('counts a site that it saw as a whole', async () => {
    const web = { [`${SITE}/`]: { body: page(['/b'], 2) }, [`${SITE}/b`]: { body: page(['/'], 1) } }
    const { report } = await probe(web, 10)
    expect(report.pictures).toMatchObject({ shown: 2, with_text: 2 })
    expect(report.estimate).toMatchObject({ pages: 2, exact: true, pictures: 2 })
  })

  test('asks for a few pictures, to know how large they are', async () => {
    const pictures = Object.fromEntries(
      Array.from({ length: 9 }, (_, no) => [`${SITE}/${no}.png`, { type: 'image/png', body: PNG }]),
    )
    const { asked, report } = await probe({ [`${SITE}/`]: { body: page([], 9) }, ...pictures }, 10)
    expect(asked.filter((url) => url.endsWith('.png'))).toHaveLength(5)
    expect(report.pictures).toEqual({ shown: 9, with_text: 9, mean_bytes: PNG.length })
    expect(report.estimate.bytes).toBe(Buffer.byteLength(page([], 9)) + 9 * PNG.length)
  })

  test('keeps to robots.txt, its delay included, and reads the sitemap that it names', async () => {
    const robots = `User-agent: *\nDisallow: /private\nCrawl-delay: 7\nSitemap: ${SITE}/map.xml`
    const map = `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${SITE}/listed</loc></url></urlset>`
    const { asked, report } = await probe(
      {
        [`${SITE}/robots.txt`]: { type: 'text/plain', body: robots },
        [`${SITE}/map.xml`]: { type: 'application/xml', body: map },
        [`${SITE}/`]: { body: page(['/private/x']) },
        [`${SITE}/listed`]: { body: page([]) },
      },
      10,
    )
    expect(asked).not.toContain(`${SITE}/private/x`)
    expect(asked).toContain(`${SITE}/listed`)
    expect(report.robots).toEqual({ verdict: 'rules', delay_seconds: 7 })
    expect(report.refused).toEqual([{ reason: 'robots_disallowed', pages: 1 }])
    expect(report.estimate.hours).toBeCloseTo((2 * 7) / 3600, 4)
  })

  test('says which sites need JavaScript', async () => {
    const frame = '<html><div id="app"></div><script src="/app.js"></script></html>'
    const { report } = await probe({ [`${SITE}/`]: { body: frame } }, 10)
    expect(report.needs_javascript).toBe(true)
    expect(report.pages.need_javascript).toBe(1)
  })

  test('says what reserves itself, and asks for no picture of a reserved page', async () => {
    const { asked, report } = await probe(
      { [`${SITE}/`]: { body: page([], 3), headers: [['x-robots-tag', 'noai']] } },
      10,
    )
    expect(report.pages.reserved).toBe(1)
    expect(report.opt_outs).toMatchObject([{ signal: 'noai', where: 'header', times: 1, reserves: true }])
    expect(asked.filter((url) => url.endsWith('.png'))).toEqual([])
  })

  test('says why no page of a site could be read', async () => {
    const { report, total } = await probe({ [`${SITE}/robots.txt`]: 'refused' }, 10)
    expect(report.robots).toEqual({ verdict: 'disallow_all', delay_seconds: null })
    expect(report.fault).toBe('refused ECONNREFUSED')
    expect(report.refused).toEqual([{ reason: 'robots_unreachable', pages: 1 }])
    expect(total).toEqual({ pages: 0, exact: true, pictures: 0, bytes: 0, hours: 0 })
  })

  test('counts a page whose HTML cannot be read among those not had, and reads the others', async () => {
    const { report } = await probe(
      { [`${SITE}/`]: { body: page(['/slow']) }, [`${SITE}/slow`]: { body: page([], 1) } },
      10,
    )
    expect(report.pages).toMatchObject({ asked: 2, read: 1 })
    expect(report.refused).toEqual([{ reason: 'kills_worker', pages: 1 }])
    expect(report.languages).toEqual([{ lang: 'cs', pages: 1 }])
  })

  test('does not take the time of parsing for the time of the site', async () => {
    const { sites } = await probe({ [`${SITE}/`]: { body: page(['/b']) }, [`${SITE}/b`]: { body: page([]) } }, 10)
    expect(sites[0]?.pages.map(({ ms }) => ms)).toEqual([0, 0])
  })

  test('follows a redirect and does not count it as a page', async () => {
    const { report } = await probe(
      {
        [`${SITE}/`]: { status: 301, headers: [['location', '/home']] },
        [`${SITE}/home`]: { body: page([]) },
      },
      10,
    )
    expect(report.pages.read).toBe(1)
    expect(report.refused).toEqual([])
    expect(report.estimate.pages).toBe(1)
  })
})

import { expect, test } from 'vitest'
import { createArchivedRules } from '../../../activities/crawl/archived-rules.ts'
import { parseRobots } from '../../../activities/crawl/robots.ts'
import { parseTdmFile } from '../../../activities/crawl/tdm-file.ts'
import { sha256 } from '../../../activities/digest.ts'

const SITE = 'https://site.example'

/** Answers by archives that hold these files by URL: a text, or `to` another URL. */
function rulesIn(files: Record<string, string | { to: string }>) {
  const found: string[] = []
  const textOf = (url: string) => Buffer.from((files[url] as string | undefined) ?? '')
  const wordOf = createArchivedRules({
    find: (kind, urlSha) => {
      const [url, file] = Object.entries(files).find(([one]) => sha256(one).equals(urlSha)) ?? []
      found.push(`${kind} ${url ?? 'none'}`)
      if (url === undefined || file === undefined) return Promise.resolve(null)
      return Promise.resolve({ url, redirect_sha: typeof file === 'string' ? null : sha256(file.to) })
    },
    robots: (origin) => Promise.resolve(parseRobots(textOf(`${origin}/robots.txt`))),
    tdm: (origin) => Promise.resolve(parseTdmFile(textOf(`${origin}/.well-known/tdmrep.json`))),
    place: (url) => ({ sha: sha256(url) }),
    token: 'testbot',
  })
  return { wordOf, found }
}

test('a rule of robots.txt refuses, quoted with its line; what may be asked for has the preferences of its path', async () => {
  const { wordOf } = rulesIn({
    [`${SITE}/robots.txt`]: 'User-agent: *\nDisallow: /no\nContent-Usage: /art train-ai=n\n',
  })
  expect(await wordOf(`${SITE}/no/page`)).toEqual({ refusal: 'disallow: /no (line 2)', signals: [] })
  const { refusal, signals } = await wordOf(`${SITE}/art/page`)
  expect([refusal, signals]).toMatchObject([
    null,
    [{ signal: 'train-ai', value: 'n', where: 'robots', line: 3, url: `${SITE}/robots.txt` }],
  ])
})

test('the TDM file of the origin says what is reserved', async () => {
  const file = `${SITE}/.well-known/tdmrep.json`
  const { wordOf } = rulesIn({ [file]: '[{"location":"/a","tdm-reservation":1},{"location":"/","tdm-reservation":0}]' })
  const values = async (path: string) => (await wordOf(`${SITE}${path}`)).signals.map(({ value, url }) => [value, url])
  expect([await values('/a'), await values('/b')]).toEqual([[['1', file]], [['0', file]]])
})

test('redirects are followed from file to file, five in a row and no more, and evidence names the origin that was asked', async () => {
  const hop = (n: number) => `https://h${n}.example/robots.txt`
  const chain = (hops: number) =>
    Object.fromEntries(Array.from({ length: hops }, (_, n) => [hop(n), { to: hop(n + 1) }] as const))
  const end = 'User-agent: *\nContent-Signal: ai-train=no\n'
  const five = rulesIn({ ...chain(5), [hop(5)]: end })
  expect((await five.wordOf('https://h0.example/x')).signals.map(({ signal, url }) => [signal, url])).toEqual([
    ['ai-train', hop(0)],
  ])
  expect((await rulesIn({ ...chain(6), [hop(6)]: end }).wordOf('https://h0.example/x')).signals).toEqual([])
  expect((await rulesIn(chain(1)).wordOf('https://h0.example/x')).signals).toEqual([])
})

test('an origin is looked up once, and one without files says nothing', async () => {
  const { wordOf, found } = rulesIn({})
  const words = await Promise.all(['/a', '/b'].map((path) => wordOf(`${SITE}${path}`)))
  expect(words).toEqual([
    { refusal: null, signals: [] },
    { refusal: null, signals: [] },
  ])
  expect(found.toSorted()).toEqual(['robots none', 'tdmrep none'])
})

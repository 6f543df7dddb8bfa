import { expect, test } from 'vitest'
import { parseTdmFile, tdmSignals } from '../../../activities/crawl/tdm-file.ts'

const FILE = 'https://site.example/.well-known/tdmrep.json'
const read = (file: unknown) => parseTdmFile(Buffer.from(typeof file === 'string' ? file : JSON.stringify(file)))
const signals = (file: unknown, path: string) => tdmSignals(read(file), `https://site.example${path}`, FILE)
const told = (file: unknown, path: string) => signals(file, path).map(({ signal, value }) => `${signal}=${value}`)
const rule = (location: string, reservation: unknown) => ({ location, 'tdm-reservation': reservation })

/** The example of the report. */
const EXAMPLE = [
  rule('/directory-a/', 1),
  { ...rule('/directory-b/html/', 1), 'tdm-policy': 'https://provider.example/policies/policy.json' },
  rule('/directory-b/images/*.jpg', 0),
]

test('the first rule in sequence that matches decides', () => {
  expect(told(EXAMPLE, '/directory-a/x.pdf')).toEqual(['tdm-reservation=1'])
  expect(told(EXAMPLE, '/directory-b/html/')).toEqual([
    'tdm-reservation=1',
    'tdm-policy=https://provider.example/policies/policy.json',
  ])
  expect(told(EXAMPLE, '/directory-b/images/a.jpg')).toEqual(['tdm-reservation=0'])
  expect(told(EXAMPLE, '/other')).toEqual([])
  expect(told([rule('/', 0), rule('/a', 1)], '/a')).toEqual(['tdm-reservation=0'])
})

test('patterns match as those of robots.txt: case, ends, wildcards, percent-encoding', () => {
  expect(told([rule('/A', 1)], '/a')).toEqual([])
  expect(told([rule('/a$', 1)], '/ab')).toEqual([])
  expect(told([rule('/a/*/z$', 1)], '/a/b/c/z')).toEqual(['tdm-reservation=1'])
  expect(told([rule('/foo-%24', 1)], '/foo-$')).toEqual(['tdm-reservation=1'])
  expect(told([rule('/%7Eme/ž', 1)], '/~me/%C5%BE')).toEqual(['tdm-reservation=1'])
})

test('a value other than 0 and 1 sets nothing, and still decides', () => {
  expect(told([rule('/', 'yes'), rule('/', 1)], '/')).toEqual([])
  expect(told([rule('/', '1')], '/')).toEqual(['tdm-reservation=1'])
})

test('what is no list of rules says nothing', () => {
  for (const file of ['', 'null', '{', '[1,"x",{}]', '<html>', '['.repeat(200_000)]) expect(told(file, '/')).toEqual([])
  expect(told(rule('/', 1), '/')).toEqual(['tdm-reservation=1'])
  expect(told(`\ufeff${JSON.stringify([rule('/', 1)])}`, '/')).toEqual(['tdm-reservation=1'])
  expect(told(JSON.stringify([rule('/', 1)]) + ' '.repeat(1 << 20), '/')).toEqual([])
})

test('a rule is quoted with the file that it stands in', () => {
  expect(signals([rule('/', 1)], '/')).toEqual([
    {
      signal: 'tdm-reservation',
      value: '1',
      raw: 'tdmrep.json: {"location":"/","tdm-reservation":1}',
      where: 'tdmrep',
      agent: null,
      url: FILE,
    },
  ])
})

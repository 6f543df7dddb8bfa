import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseSpec, readSpecFile } from '../../infra/spec-file.ts'
import { aSpec, faultsOf, LEAST_SPEC } from '../support/spec.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-spec-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('what is left out has its default', () => {
  expect(aSpec()).toEqual({
    dataset: 'demo',
    version: '1.0.0',
    date: '2026-01-01',
    base: null,
    languages: ['cs'],
    card: { title: 'demo', creators: [], contact: '', licence: 'other', citation: null, description: null },
    crawls: [],
    crawl: {
      seeds: { cs: ['https://a.example/'] },
      scope: 'host',
      limits: { pages_per_host: 500, depth: 4, max_body_mib: 10, seconds_per_page: 30, give_up_hours: 24 },
      politeness: {
        delay_ms: 1000,
        per_host: 1,
        per_address: 1,
        user_agent: 'bot (+https://a.example/bot)',
        honour: ['ai-pref', 'noai', 'robots', 'tdm'],
      },
    },
    image: {
      format: 'jpeg',
      quality: 90,
      background: '#ffffff',
      max_side: 1024,
      min_side: 200,
      max_ratio: 3,
      min_bytes: 5000,
    },
    filters: {
      nsfw: { porn: 0.85, hentai: 0.9, sexy: 1 },
      near_image: { pdq: 31, scope: 'language' },
      language: { prior: 'page', contrast: ['en'] },
      boilerplate: { count: 20, share: 0.25 },
      drop_types: ['filename', 'seo'],
      text: { min_chars: 1, max_chars: 2000 },
      max_same_text: 10,
    },
    caption: null,
    translate: null,
    thick: null,
    overrides: {},
    select: { target: {}, max_per_host: 1, splits: { train: 0.98, test: 0.02 } },
    package: { formats: ['parquet'], images: 'bytes', shard_mib: 400 },
  })
})

test('a resolved spec, written as YAML, resolves to itself', () => {
  const spec = parseSpec(
    LEAST_SPEC.replace('[cs]', '[sr-Latn, cs, sr-Cyrl]').replace('{ cs:', '{ und: ["https://b.example/x#y"], cs:') +
      `image: { background: "#FFEEDD" }
caption: { provider: openai, model: m, pivot: en-US }
overrides: { sr-Cyrl: { translate: { provider: none }, filters: { language: { contrast: [ru, en, ru] } } } }
select: { target: { sr-RS: 5 }, splits: { train: 0.7, val: 0.1, test: 0.2 } }
`,
    'spec.yaml',
  )
  expect(spec).toMatchObject({
    languages: ['cs', 'sr', 'sr-Latn'],
    crawl: { seeds: { cs: ['https://a.example/'], und: ['https://b.example/x'] } },
    image: { background: '#ffeedd' },
    caption: { pivot: 'en' },
    overrides: { sr: { translate: null, filters: { language: { contrast: ['en', 'ru'] } } } },
    select: { target: { sr: 5 } },
  })
  expect(parseSpec(stringify(spec), 'again.yaml')).toEqual(spec)
})

test('every fault is told at once, with its place and the nearest name', () => {
  const text = `dataset: demo
version: 1.0
dat: 2026-01-01
date: 2026-02-30
languages: [cs, sr-Cyrl, sr, nonsense-tag]
card: { kontact: x }
crawl:
  seeds:
    cs: ["https://a.example/", "ftp://x"]
    sr: { urls: none.txt }
    th: { sitemap: a }
  scope: hots
  limits: { pages_per_hots: 5, depth: "4" }
  politeness: { user_agent: bot }
caption: { provider: openia, model: 5 }
select: { splits: { train: 0.9, test: 0.2 } }
overrides: { cs: { filters: { nsfww: 1 } } }
`
  expect(
    faultsOf(text, join(folder, 'my.yaml')).map((line) => line.replace(`${folder}/`, '').replace(`${folder}/`, '')),
  ).toEqual([
    'my.yaml:2:10: version must be text, is 1',
    'my.yaml:3:1: dat is no key of a spec, did you mean date?',
    'my.yaml:4:7: date must be a date such as 2026-01-31, is "2026-02-30"',
    'my.yaml:5:26: languages[2] is sr a second time',
    'my.yaml:5:30: languages[3] is no language tag (BCP 47, such as sr or sr-Latn)',
    'my.yaml:6:9: card.kontact is no key of a spec, did you mean contact?',
    'my.yaml:9:32: crawl.seeds.cs[1] must be an http or https URL: ftp://x',
    'my.yaml:10:17: crawl.seeds.sr.urls names none.txt, which is not there',
    'my.yaml:11:9: crawl.seeds.th.urls is missing',
    'my.yaml:11:11: crawl.seeds.th.sitemap is no key of a spec',
    'my.yaml:12:10: crawl.scope must be one of page, host, domain, is "hots", did you mean host?',
    'my.yaml:13:13: crawl.limits.pages_per_hots is no key of a spec, did you mean pages_per_host?',
    'my.yaml:13:39: crawl.limits.depth must be a number, is "4"',
    'my.yaml:14:29: crawl.politeness.user_agent must hold a contact: a URL or a mail address',
    'my.yaml:15:22: caption.provider must be one of openai, apertium, libretranslate, none, is "openia", did you mean openai?',
    'my.yaml:15:37: caption.model must be text, is 5',
    'my.yaml:16:19: select.splits must add up to 1, they make 1.1',
    'my.yaml:17:31: overrides.cs.filters.nsfww is no key of a spec, did you mean nsfw?',
  ])
})

const CONTRADICTIONS: readonly [string, string, string][] = [
  [
    'crawls beside crawl',
    `${LEAST_SPEC}crawls: [x]\n`,
    'spec.yaml:8:1: crawls cannot stand beside crawl: use one of the two',
  ],
  [
    'neither crawls nor crawl',
    LEAST_SPEC.slice(0, LEAST_SPEC.indexOf('crawl')),
    'spec.yaml:1:1: crawl is missing: name seeds in crawl, or frozen crawls in crawls',
  ],
  [
    'a sitemap whose pages the scope leaves out',
    LEAST_SPEC.replace('["https://a.example/"] }', '["sitemap:https://a.example/map.xml"] }\n  scope: page'),
    'spec.yaml:7:10: crawl.scope is page, which leaves out what a sitemap names: use host or domain',
  ],
  [
    'a sitemap that is no web address',
    LEAST_SPEC.replace('["https://a.example/"]', '["sitemap:map.xml"]'),
    'spec.yaml:6:17: crawl.seeds.cs[0] is no URL: map.xml',
  ],
  ['no seeds', LEAST_SPEC.replace(/seeds: .*/, 'seeds: {}'), 'spec.yaml:6:10: crawl.seeds must name at least one seed'],
  [
    'an override of no language of the spec',
    `${LEAST_SPEC}overrides: { sc: {} }\n`,
    'spec.yaml:8:14: overrides.sc is not among the languages of this spec, did you mean cs?',
  ],
  [
    'a target of no language of the spec',
    `${LEAST_SPEC}select: { target: { th: 5 } }\n`,
    'spec.yaml:8:21: select.target.th is not among the languages of this spec, did you mean cs?',
  ],
  [
    'a translation of nothing',
    `${LEAST_SPEC}translate: { provider: libretranslate }\n`,
    'spec.yaml:8:12: translate has nothing to translate: cs has no caption',
  ],
  [
    'apertium without a pair',
    `${LEAST_SPEC}caption: { provider: openai, model: m }\ntranslate: { provider: apertium }\n`,
    'spec.yaml:9:12: translate.pair is missing: name the language pair, such as eng|spa',
  ],
  [
    'a translator that captions',
    `${LEAST_SPEC}caption: { provider: apertium, pair: "eng|spa" }\n`,
    'spec.yaml:8:22: caption.provider must be openai for caption, is apertium',
  ],
  [
    'a language model without a name',
    `${LEAST_SPEC}overrides: { cs: { thick: { provider: openai } } }\n`,
    'spec.yaml:8:27: overrides.cs.thick.model is missing',
  ],
  [
    'a prompt of another task',
    `${LEAST_SPEC}caption: { provider: openai, model: m, prompt: translate/x@1 }\n`,
    'spec.yaml:8:48: caption.prompt must be a prompt of caption/',
  ],
  [
    'a least length over the greatest',
    `${LEAST_SPEC}filters: { text: { min_chars: 5, max_chars: 4 } }\n`,
    'spec.yaml:8:18: filters.text has a min_chars over its max_chars',
  ],
  ['a release over a base', `${LEAST_SPEC}base: demo@0.9.0\n`, 'spec.yaml:8:1: base is not supported by this version'],
  [
    'a format that is not written',
    `${LEAST_SPEC}package: { formats: [parquet, sft] }\n`,
    'spec.yaml:8:21: package.formats has sft, which this version does not write',
  ],
]

test.each(CONTRADICTIONS)('%s is refused', (_name, text, fault) => {
  expect(faultsOf(text)).toEqual([fault])
})

test.each(['bot', 'bot/1.0 (contact: me)', 'bot (http://)', 'bot me@localhost'])(
  'the user agent %s has no contact',
  (agent) => {
    expect(faultsOf(LEAST_SPEC.replace(/user_agent: .*\}/, `user_agent: "${agent}" }`))).toEqual([
      'spec.yaml:7:29: crawl.politeness.user_agent must hold a contact: a URL or a mail address',
    ])
  },
)

test.each([
  'bot (+https://a.example/bot)',
  'bot (+http://a.example)',
  'bot me@a.example',
  'bot (+mailto:me@a.example)',
])('the user agent %s has a contact', (agent) => {
  const text = LEAST_SPEC.replace(/user_agent: .*\}/, `user_agent: "${agent}" }`)
  expect(parseSpec(text, 'spec.yaml').crawl?.politeness.user_agent).toBe(agent)
})

test.for(['Mozilla/5.0 (compatible; bot; +https://a.example/bot)', '(+https://a.example/bot)'])(
  'the user agent %s has no name of its own',
  (agent) => {
    expect(faultsOf(LEAST_SPEC.replace(/user_agent: .*\}/, `user_agent: "${agent}" }`))).toEqual([
      'spec.yaml:7:29: crawl.politeness.user_agent must begin with a name of the crawler, which robots.txt may name: letters, - or _, no browser',
    ])
  },
)

test("without a user agent the card's contact makes one", () => {
  const text = LEAST_SPEC.replace(/ {2}politeness: .*\n/, '')
  expect(parseSpec(`${text}card: { contact: me@a.example }\n`, 'spec.yaml').crawl?.politeness.user_agent).toBe(
    'mella (+me@a.example)',
  )
  expect(faultsOf(text)).toEqual([expect.stringContaining('crawl.politeness.user_agent is missing')])
})

test('a seed file beside the spec gives its URLs, and its bad lines are told', () => {
  const file = join(folder, 'my.yaml')
  writeFileSync(file, LEAST_SPEC.replace('["https://a.example/"]', '{ urls: seeds.txt }'))
  writeFileSync(join(folder, 'seeds.txt'), '# seeds\n\nhttps://b.example\n  https://a.example/x#y  \n')
  expect(readSpecFile(file).crawl?.seeds).toEqual({ cs: ['https://a.example/x', 'https://b.example/'] })
  writeFileSync(join(folder, 'seeds.txt'), 'sitemap:https://b.example/map.xml#x\n')
  expect(readSpecFile(file).crawl?.seeds).toEqual({ cs: ['sitemap:https://b.example/map.xml'] })
  writeFileSync(join(folder, 'seeds.txt'), 'https://b.example\nnot a url\n')
  expect(faultsOf(readFileSync(file, 'utf8'), file)).toEqual([
    `${file}:6:24: crawl.seeds.cs.urls names seeds.txt, where line 2 is no URL: not a url`,
  ])
})

test('broken YAML is a fault with its place', () => {
  expect(faultsOf('dataset: [a\nversion: 1\n')).toEqual([expect.stringMatching(/^spec\.yaml:2:1: /)])
  expect(faultsOf(`${LEAST_SPEC}dataset: twice\n`)).toEqual(['spec.yaml:8:1: Map keys must be unique'])
})

test('a bomb of aliases is refused', () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `${'abcdefghijklm'[i + 1]}: &${'abcdefghijklm'[i + 1]} [${`*${'abcdefghijklm'[i]},`.repeat(9)}]`,
  )
  expect(faultsOf(`a: &a [x]\n${levels.join('\n')}\n`)).toEqual([expect.stringContaining('Excessive alias count')])
})

test('text with NUL or half a character is refused', () => {
  expect(faultsOf(`${LEAST_SPEC}card: { title: "a\\0b", licence: "\\uD800" }\n`)).toEqual([
    'spec.yaml:8:16: card.title holds NUL or half a character',
    'spec.yaml:8:33: card.licence holds NUL or half a character',
  ])
})

test('a file that is not there is an error of its own', () => {
  expect(() => readSpecFile(join(folder, 'none.yaml'))).toThrow(expect.objectContaining({ code: 'SPEC_NOT_FOUND' }))
})

test('an archive beside the spec is known by its digest, and a wrong one is told with its line', () => {
  const file = join(folder, 'my.yaml')
  const seeds = (list: string) => writeFileSync(file, LEAST_SPEC.replace('["https://a.example/"]', list))
  writeFileSync(join(folder, 'a.warc'), 'abc')
  // sha256 of "abc" (FIPS 180-2, B.1).
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  for (const written of ['warc:a.warc', `warc:${join(folder, 'a.warc')}#sha256=${abc}`]) {
    seeds(`["${written}"]`)
    expect(readSpecFile(file).crawl?.seeds).toEqual({ cs: [`warc:${join(folder, 'a.warc')}#sha256=${abc}`] })
  }
  seeds(`["warc:gone.warc", "warc:", "warc:a.warc#sha256=${'0'.repeat(64)}"]`)
  expect(faultsOf(readFileSync(file, 'utf8'), file)).toEqual([
    `${file}:6:17: crawl.seeds.cs[0] names ${join(folder, 'gone.warc')}, which is not there`,
    `${file}:6:35: crawl.seeds.cs[1] names no file: warc:FILE`,
    `${file}:6:44: crawl.seeds.cs[2] names ${join(folder, 'a.warc')}, whose sha256 is ${abc}`,
  ])
  seeds('["warc:a.warc", "https://a.example/"]')
  expect(faultsOf(readFileSync(file, 'utf8'), file)).toEqual([
    `${file}:6:10: crawl.seeds holds archives beside URLs: make a crawl of each, and name both in crawls`,
  ])
})

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Counts } from '../../../activities/package/counts.ts'
import { funnelJson, funnelSvg, totals } from '../../../activities/package/funnel.ts'
import { licenceForms } from '../../../activities/package/licences.ts'
import { checkpointText, manifestJson, manifestOf } from '../../../activities/package/manifest.ts'
import { finishRelease, releaseDocuments } from '../../../activities/package/release-documents.ts'
import { contentDigest, specDigest, specYaml } from '../../../activities/package/spec-file.ts'
import { canonicalJson } from '../../../activities/digest.ts'
import { stableJson } from '../../../activities/package/stable-text.ts'
import type { FunnelEntry } from '../../../schema/contracts/release-manifest.ts'
import type { ModelCall, ReleaseSpec } from '../../../schema/contracts/spec.ts'
import { aSpec, someFacts } from './a-release.ts'
import { sha256 } from './a-row.ts'

const reversed = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).reverse()) as T

describe('stable JSON', () => {
  it('sorts names at every depth and ends with a newline', () => {
    expect(stableJson({ b: [{ d: 1, c: null }], a: 'ř' })).toBe(
      '{\n  "a": "ř",\n  "b": [\n    {\n      "c": null,\n      "d": 1\n    }\n  ]\n}\n',
    )
  })

  it('refuses what JSON cannot hold', () => {
    expect(() => canonicalJson(undefined)).toThrow('no JSON form')
    expect(() => canonicalJson({ a: NaN })).toThrow('NaN is not allowed')
  })
})

describe('spec.yaml', () => {
  const moved = (spec: ReleaseSpec, base_url: string): ReleaseSpec => ({
    ...spec,
    caption: { ...(spec.caption as ModelCall), base_url },
    translate: { ...(spec.caption as ModelCall), base_url },
    thick: { ...(spec.caption as ModelCall), base_url },
    overrides: {
      ru: { translate: { base_url, model: 'm' }, caption: null },
      th: { thick: { base_url, model: 'm' }, caption: { base_url } },
    },
  })

  it('does not depend on the order of names nor on the address of a service', () => {
    const one = moved(aSpec(), 'http://127.0.0.1:1/v1')
    const two = reversed(moved(aSpec(), 'https://models.example/v1'))
    expect([specYaml(two), specDigest(two)]).toEqual([specYaml(one), specDigest(one)])
    expect(specYaml(one)).not.toContain('base_url')
  })

  it('reads back to what its digest covers', () => {
    const spec = moved(aSpec({ date: '2026-01-01', languages: ['no', 'ru'] }), 'x')
    expect(contentDigest(parse(specYaml(spec)))).toBe(specDigest(spec))
    expect(parse(specYaml(spec), { version: '1.1' })).toMatchObject({ date: '2026-01-01', languages: ['no', 'ru'] })
  })

  it('has another digest for another value', () => {
    expect(specDigest(aSpec({ version: '1.2.1' }))).not.toBe(specDigest(aSpec()))
  })

  it('begins with what names the release', () => {
    expect(specYaml(reversed(aSpec())).split('\n').slice(0, 3)).toEqual([
      'dataset: boats',
      'version: 1.2.0',
      'date: "2026-01-02"',
    ])
  })
})

const entry = (step: string, lang: string, kept: number, reasons: Record<string, number>): FunnelEntry => ({
  step,
  unit: 'samples',
  lang,
  in: kept + Object.values(reasons).reduce((sum, count) => sum + count, 0),
  kept,
  reasons,
})
const FUNNEL = [
  entry('text', 'ru', 5, { ratio: 1, nsfw: 2 }),
  entry('text', 'th', 1, { nsfw: 1 }),
  entry('select', 'ru', 5, {}),
]

describe('the funnel', () => {
  it('is written by step, in their order, and tag', () => {
    expect(JSON.parse(funnelJson(FUNNEL))).toEqual({
      steps: [
        {
          step: 'text',
          unit: 'samples',
          tags: {
            ru: { in: 8, kept: 5, reasons: { nsfw: 2, ratio: 1 } },
            th: { in: 2, kept: 1, reasons: { nsfw: 1 } },
          },
        },
        { step: 'select', unit: 'samples', tags: { ru: { in: 5, kept: 5, reasons: {} } } },
      ],
    })
  })

  it('is refused when a count is neither kept nor has a reason', () => {
    expect(() => funnelJson([{ ...FUNNEL[0]!, in: 9 }])).toThrow(expect.objectContaining({ code: 'FUNNEL_UNBALANCED' }))
  })

  it('sums up over tags', () => {
    expect(totals(FUNNEL)).toEqual([
      { step: 'text', unit: 'samples', lang: '*', in: 10, kept: 6, reasons: { ratio: 1, nsfw: 3 } },
      { step: 'select', unit: 'samples', lang: '*', in: 5, kept: 5, reasons: {} },
    ])
  })

  it('is drawn with its counts as text, and text cannot become markup', () => {
    const svg = funnelSvg('ru', [entry('<text>', 'ru', 3, { a: 1, b: 2, c: 3, d: 4, e: 5 })])
    expect(svg).toContain('3 of 18 samples kept; dropped: e 5, d 4, c 3, b 2, 1 more reasons')
    expect(svg).toContain('&#60;text&#62;')
    expect(svg).not.toContain('<text>')
  })

  it('is drawn to the scale of its largest count', () => {
    const widths = [
      ...funnelSvg('ru', [entry('a', 'ru', 100, {}), entry('b', 'ru', 25, { x: 25 })]).matchAll(
        /width="(\d+)" height="18"/g,
      ),
    ]
    expect(widths.map(([, width]) => Number(width))).toEqual([550, 550, 275, 138])
  })
})

describe('counts', () => {
  it('are of rows, of each text and of each split by language, in one order', () => {
    const counts = new Counts()
    const row = { lang: 'th', split: 'train', in_know: true, in_ling: false, in_thick: false }
    counts.add(row)
    counts.add({ ...row, split: 'dev', in_ling: true })
    counts.add({ ...row, in_know: false, in_thick: true })
    counts.add({ ...row, lang: 'ar' })
    expect(JSON.stringify(counts.all())).toBe(
      JSON.stringify({
        ar: { rows: 1, know: 1, ling: 0, thick: 0, splits: { train: 1 } },
        th: { rows: 3, know: 2, ling: 1, thick: 1, splits: { dev: 1, train: 2 } },
      }),
    )
  })
})

describe('a licence', () => {
  it.each([
    ['CC-BY-4.0', { license: 'cc-by-4.0' }, 'https://spdx.org/licenses/CC-BY-4.0.html'],
    [' odbl-1.0', { license: 'odbl' }, 'https://spdx.org/licenses/ODbL-1.0.html'],
    [
      'https://a.example/terms',
      { license: 'other', license_name: 'see-card', license_link: 'https://a.example/terms' },
      'https://a.example/terms',
    ],
    ['As each site says!', { license: 'other', license_name: 'as-each-site-says', license_link: 'README.md' }, null],
    ['自由', { license: 'other', license_name: 'see-card', license_link: 'README.md' }, null],
  ])('written %j', (licence, hub, url) => {
    expect(licenceForms(licence)).toEqual({ hub, url })
  })
})

describe('finishing a release', () => {
  const tree = { alg: 'rfc6962-sha256' as const, size: 2, root: sha256('root') }
  const data = { path: 'data/ru/train-00000-of-00001.parquet', sha256: sha256('x'), bytes: 1, rows: 2 }
  const one = { rows: 1, know: 1, ling: 0, thick: 0, splits: { test: 0, train: 1 } }

  function finished(counts: Record<string, typeof one>) {
    const written: [string, string][] = []
    const deps = {
      writeFile: (path: string, content: string) => {
        written.push([path, content])
        return { sha256: sha256(content), bytes: content.length }
      },
      sign: (text: string) => `signed ${text}`,
    }
    finishRelease(someFacts({ tree, counts }), [data], { name: 'boats', vkey: 'v' }, deps)
    return written
  }

  it('writes the signature last, over root and manifest', () => {
    const written = finished({ ru: one, th: one })
    const manifest = written.find(([path]) => path === 'manifest.json')![1]
    const paths =
      'README.md croissant.json spec.yaml stats/funnel.json stats/funnel-ru.svg stats/funnel-sr-Latn.svg manifest.json manifest.sig'
    expect(written.map(([path]) => path)).toEqual(paths.split(' '))
    expect(written.at(-1)![1]).toBe(`signed ${checkpointText('boats@1.2.0', tree, manifest)}`)
  })

  it('shows counts in one order, however they come', () => {
    const turned = { ...one, splits: { train: 1, test: 0 } }
    expect(finished({ th: turned, ru: turned })).toEqual(finished({ ru: one, th: one }))
  })

  it('refuses a release without a sample', () => {
    const facts = someFacts({ tree: { ...tree, size: 0 }, counts: {} })
    expect(() => releaseDocuments(facts, [])).toThrow(expect.objectContaining({ code: 'RELEASE_EMPTY' }))
  })
})

describe('the manifest', () => {
  const tree = { alg: 'rfc6962-sha256' as const, size: 2, root: sha256('root') }
  const facts = someFacts({ tree, counts: {} })
  const file = (path: string) => ({ path, sha256: sha256(path), bytes: 1, rows: null })

  it('lists files by path and has no clock but the date of the spec', () => {
    const manifest = manifestOf(facts, [file('b'), file('a')], { name: 'boats', vkey: 'v' })
    expect([manifest.files.map(({ path }) => path), manifest.date]).toEqual([['a', 'b'], '2026-01-02'])
  })

  it('says what it claims, and names the scores of a row in order', () => {
    const { claims, scores } = manifestOf({ ...facts, scoreNames: ['porn', 'hentai'] }, [], { name: 'b', vkey: 'v' })
    expect({ claims, scores }).toEqual({ claims: { verify: ['v0'] }, scores: ['hentai', 'porn'] })
  })

  it('has one form whatever the order of names', () => {
    const manifest = manifestOf(facts, [file('a')], { name: 'boats', vkey: 'v' })
    expect(manifestJson(reversed(manifest))).toBe(manifestJson(manifest))
  })

  it('is signed by a checkpoint of origin, size, root and its own digest', () => {
    const root = Buffer.from(tree.root, 'hex').toString('base64')
    expect(checkpointText('boats@1.2.0', tree, '{}\n')).toBe(`boats@1.2.0\n2\n${root}\nsha256:${sha256('{}\n')}\n`)
  })
})

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { card, countsTable } from '../../../activities/package/card.ts'
import type { ReleaseFacts } from '../../../schema/contracts/release-facts.ts'
import type { LanguageCounts } from '../../../schema/contracts/release-manifest.ts'
import type { ModelCall } from '../../../schema/contracts/spec.ts'
import { aSpec, someFacts } from './a-release.ts'
import { sha256 } from './a-row.ts'

const counts = (rows: number, splits: Record<string, number>): LanguageCounts => ({
  rows,
  know: rows,
  ling: 1,
  thick: 0,
  splits,
})
const PLAN = {
  tree: { alg: 'rfc6962-sha256' as const, size: 1203, root: sha256('root') },
  counts: {
    ru: counts(3, { test: 1, train: 2 }),
    sr: counts(600, { train: 600 }),
    'sr-Latn': counts(600, { train: 600 }),
  },
}
const file = (path: string, bytes: number) => ({ path, bytes, sha256: sha256(path), rows: 1 })
const FILES = [
  file('data/ru/test-00000-of-00001.parquet', 5),
  file('data/sr/train-00000-of-00002.parquet', 7),
  file('data/sr/train-00001-of-00002.parquet', 9),
]

const cardOf = (change: Partial<ReleaseFacts> = {}) => card(someFacts(PLAN, change), FILES)
const matterOf = (text: string, version: '1.1' | '1.2' = '1.2') =>
  parse(text.slice(4, text.indexOf('\n---\n', 4)), { version }) as Record<string, unknown>
const withModel = (model: string) => ({ spec: aSpec({ translate: { ...(aSpec().caption as ModelCall), model } }) })

describe('the front matter of the card', () => {
  it('lists base languages once, tags in full, licence and size as the Hub names them', () => {
    expect(matterOf(cardOf())).toMatchObject({
      language: ['ru', 'sr'],
      language_bcp47: ['ru', 'sr', 'sr-Latn'],
      license: 'cc-by-4.0',
      pretty_name: 'Boats on rivers',
      multilinguality: ['multilingual'],
      size_categories: ['1K<n<10K'],
    })
  })

  it('has a config for each language, one of all, and lineage', () => {
    expect(matterOf(cardOf())['configs']).toEqual([
      {
        config_name: 'all-languages',
        default: true,
        data_files: [
          { split: 'test', path: 'data/*/test-*.parquet' },
          { split: 'train', path: 'data/*/train-*.parquet' },
        ],
      },
      {
        config_name: 'ru',
        data_files: [
          { split: 'test', path: 'data/ru/test-*.parquet' },
          { split: 'train', path: 'data/ru/train-*.parquet' },
        ],
      },
      { config_name: 'sr', data_files: [{ split: 'train', path: 'data/sr/train-*.parquet' }] },
      { config_name: 'sr-Latn', data_files: [{ split: 'train', path: 'data/sr-Latn/train-*.parquet' }] },
      { config_name: 'lineage', data_files: 'lineage/*/*.parquet' },
    ])
  })

  it('names removals once there are any', () => {
    expect(matterOf(cardOf({ removals: 3 }))['configs']).toContainEqual({
      config_name: 'removals',
      data_files: 'removals.parquet',
    })
  })

  it('counts examples and bytes of each split', () => {
    const info = matterOf(cardOf())['dataset_info'] as { config_name: string; splits: object[] }[]
    expect(info.map(({ config_name, splits }) => [config_name, splits])).toEqual([
      [
        'all-languages',
        [
          { name: 'test', num_bytes: 5, num_examples: 1 },
          { name: 'train', num_bytes: 16, num_examples: 1202 },
        ],
      ],
      [
        'ru',
        [
          { name: 'test', num_bytes: 5, num_examples: 1 },
          { name: 'train', num_bytes: 0, num_examples: 2 },
        ],
      ],
      ['sr', [{ name: 'train', num_bytes: 16, num_examples: 600 }]],
      ['sr-Latn', [{ name: 'train', num_bytes: 0, num_examples: 600 }]],
    ])
  })

  it('keeps a language that YAML 1.1 readers would take for a truth value', () => {
    const text = card(someFacts({ ...PLAN, counts: { no: counts(3, { train: 3 }) } }), [])
    expect(matterOf(text, '1.1')['language']).toEqual(['no'])
  })

  it.each([
    [999, 'n<1K'],
    [1000, '1K<n<10K'],
    [2_000_000, '1M<n<10M'],
  ])('puts %i samples into %s', (rows, size) => {
    const text = card(someFacts({ ...PLAN, counts: { ru: counts(rows, { train: rows }) } }), [])
    expect(matterOf(text)['size_categories']).toEqual([size])
  })
})

describe('the body of the card', () => {
  it('has the counts of every language and their sum', () => {
    expect(countsTable(PLAN.counts)).toBe(
      [
        '| language | samples | native text (know) | translated caption (ling) | grounded caption (thick) | splits |',
        '| --- | --- | --- | --- | --- | --- |',
        '| ru | 3 | 3 | 1 | 0 | test 1, train 2 |',
        '| sr | 600 | 600 | 1 | 0 | train 600 |',
        '| sr-Latn | 600 | 600 | 1 | 0 | train 600 |',
        '| all | 1203 | 1203 | 3 | 0 |  |',
      ].join('\n'),
    )
    expect(cardOf()).toContain(countsTable(PLAN.counts))
  })

  it('says plainly that text of an example model is not for training', () => {
    expect(cardOf(withModel('example/describer'))).toContain('**not for training**')
    expect(cardOf({ tools: [{ kind: 'model', name: 'example/x', version: '1', sha256: null }] })).toContain(
      '**not for training**',
    )
    expect(cardOf(withModel('org/example'))).not.toContain('not for training')
  })

  it('sees an example model in the override of one language', () => {
    const spec = aSpec({ overrides: { ru: { caption: { model: 'example/describer' } } } })
    expect(cardOf({ spec })).toContain('**not for training**')
    expect(cardOf({ spec })).toContain('| caption (ru) | openai | example/describer | r1 | caption/six-points@1 |')
  })

  it('names steps with their definitions, inputs, models, contact and root', () => {
    const text = cardOf()
    const expected = [
      `| normalise | fact | decodes each picture once | 1 | ${sha256('normalise').slice(0, 12)} |`,
      `- crawl boats-1 (\`${sha256('crawl').slice(0, 12)}\`)`,
      '| caption | openai | org/vision-2b | r1 | caption/six-points@1 |',
      'write to rivers@a.example',
      PLAN.tree.root,
      '| judge samples | samples | 17 | 12 | too_small 4, opted_out 1 |',
      'Left out for such a reason: opted_out 1.',
      '- robots.txt (RFC 9309), for pages and pictures; a robots file that cannot be reached is a refusal',
    ]
    expect(expected.filter((part) => !text.includes(part))).toEqual([])
  })

  it('says when no list of abuse material was set, and not when one was', () => {
    const missing = 'No list of known abuse material was set'
    const inputs = [{ kind: 'abuse_list' as const, name: 'list', sha256: sha256('list') }]
    expect([cardOf().includes(missing), cardOf({ inputs }).includes(missing)]).toEqual([true, false])
  })

  it('keeps a pipe or a line break of a name inside its cell', () => {
    expect(cardOf(withModel('org/a|b\nc'))).toContain('| translate | openai | org/a\\|b c | r1 |')
  })

  it('never shows the address of a service', () => {
    expect(cardOf()).not.toContain('127.0.0.1')
  })

  it('takes the citation of the spec, or makes one', () => {
    expect(cardOf()).toContain(
      '@misc{boats_1_2_0,\n  title   = {Boats on rivers},\n  author  = {{River Society}},\n  year    = {2026},',
    )
    const spec = aSpec({ card: { ...aSpec().card, citation: '@book{own}' } })
    expect(cardOf({ spec })).toContain('```bibtex\n@book{own}\n```')
  })
})

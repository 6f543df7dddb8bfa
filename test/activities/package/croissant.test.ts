import { describe, expect, it } from 'vitest'
import { croissantJson } from '../../../activities/package/croissant.ts'
import { validateCroissant } from '../../../activities/package/validate-croissant.ts'
import { aSpec, someFacts } from './a-release.ts'
import { sha256 } from './a-row.ts'

type Json = Record<string, unknown>

const PATH = 'data/ru/train-00000-of-00001.parquet'
const FACTS = someFacts({
  tree: { alg: 'rfc6962-sha256', size: 3, root: sha256('root') },
  counts: { ru: { rows: 3, know: 3, ling: 0, thick: 0, splits: { train: 3 } } },
})
const FILES = [
  { path: PATH, bytes: 77, sha256: sha256('file'), rows: 3 },
  { path: 'lineage/ru/part-00000.parquet', bytes: 5, sha256: sha256('lineage'), rows: 3 },
]
const document = () => JSON.parse(croissantJson(FACTS, FILES)) as Json
const part = (from: Json, path: string) =>
  path.split('.').reduce<unknown>((node, name) => (node as Json)[name], from) as Json

describe('the Croissant file', () => {
  it('keeps Croissant 1.1 and RAI', () => {
    expect(validateCroissant(document())).toEqual([])
  })

  it('describes each data file by size and digest, each language by its files and columns', () => {
    expect(document()['distribution']).toEqual([
      {
        '@id': PATH,
        '@type': 'cr:FileObject',
        contentSize: '77 B',
        contentUrl: PATH,
        encodingFormat: 'application/x-parquet',
        name: 'train-00000-of-00001.parquet',
        sha256: sha256('file'),
      },
      {
        '@id': 'ru-files',
        '@type': 'cr:FileSet',
        encodingFormat: 'application/x-parquet',
        includes: 'data/ru/*.parquet',
        name: 'ru-files',
      },
    ])
    const fields = part(document(), 'recordSet.0')['field'] as Json[]
    expect(fields.map(({ name, dataType }) => [name, dataType]).slice(0, 4)).toEqual([
      ['key', 'sc:Text'],
      ['leaf', 'sc:Text'],
      ['image', 'sc:ImageObject'],
      ['lang', 'sc:Text'],
    ])
  })

  it('names a known licence by address and any other by name', () => {
    const own = aSpec({ card: { ...aSpec().card, licence: 'as each site says' } })
    expect([
      document()['license'],
      (JSON.parse(croissantJson({ ...FACTS, spec: own }, FILES)) as Json)['license'],
    ]).toEqual(['https://spdx.org/licenses/CC-BY-4.0.html', { '@type': 'sc:CreativeWork', name: 'as each site says' }])
  })
})

const RAI = [
  'rai:dataCollection',
  'rai:dataPreprocessingProtocol',
  'rai:dataAnnotationProtocol',
  'rai:dataUseCases',
  'rai:dataLimitations',
  'rai:dataBiases',
  'rai:dataSocialImpact',
  'rai:personalSensitiveInformation',
  'rai:dataReleaseMaintenancePlan',
]

const REQUIRED =
  '@context @type conformsTo name description license url creator datePublished version citeAs inLanguage keywords isLiveDataset distribution recordSet'.split(
    ' ',
  )

describe('the Croissant validator', () => {
  it.each([...REQUIRED, ...RAI])('misses %s', (name) => {
    const { [name]: _, ...rest } = document()
    expect(validateCroissant(rest).some((problem) => problem.startsWith(name))).toBe(true)
  })

  it.each<[string, string, unknown, string]>([
    ['@context', 'cr', 'https://mlcommons.org/croissant/', '@context: cr is not as the specification has it'],
    ['', 'version', '1.2', 'version: is not MAJOR.MINOR.PATCH'],
    ['', 'datePublished', '2026-13-01', 'datePublished: is not a date'],
    ['', 'url', 'somewhere', 'url: is not an absolute address'],
    ['', 'license', 'CC-BY', 'license: is not an address or a named work'],
    ['', 'creator', [{ '@type': 'sc:Thing', name: 'x' }], 'creator: is not a named person or organisation'],
    [
      '',
      'conformsTo',
      ['http://mlcommons.org/croissant/1.1'],
      'conformsTo: lacks http://mlcommons.org/croissant/RAI/1.0',
    ],
    ['distribution.0', 'sha256', 'AA', `${PATH}: sha256 is not 64 lowercase hex digits`],
    ['distribution.0', 'contentSize', '77 KB', `${PATH}: contentSize is not a number of bytes`],
    ['distribution.0', 'contentUrl', '', `${PATH}: contentUrl is not an address`],
    ['distribution.0', '@type', 'cr:File', `${PATH}: @type is neither cr:FileObject nor cr:FileSet`],
    ['distribution.1', 'includes', [], 'ru-files: includes is not a pattern'],
    ['distribution.1', 'encodingFormat', '', 'ru-files: encodingFormat is not a media type'],
    ['distribution.1', '@id', PATH, `${PATH}: @id is given twice`],
    ['distribution.1', '@id', 'other', 'ru-files: is referred to and not there'],
    ['recordSet.0', 'key', { '@id': 'ru/other' }, 'ru: key is not one of its fields'],
    ['recordSet.0', 'field', [], 'ru: has no field'],
    ['recordSet.0.field.0', 'dataType', 'sc:Thing', 'ru/key: dataType is not known'],
    ['recordSet.0.field.0', 'source', {}, 'ru/key: source does not name a column'],
    ['recordSet.0.field.1', '@id', 'leaf', 'leaf: @id does not start with ru/'],
    ['recordSet.0.field.1', 'arrayShape', '-1', 'ru/leaf: arrayShape without isArray'],
  ])('finds %s.%s = %j', (path, name, value, problem) => {
    const changed = document()
    const target = path === '' ? changed : part(changed, path)
    target[name] = value
    expect(validateCroissant(changed)).toContain(problem)
  })

  it('finds an element without an id', () => {
    const changed = document()
    delete part(changed, 'recordSet.0.field.2')['@id']
    expect(validateCroissant(changed)).toContain('cr:Field: has no @id')
  })

  it.each([null, [], 'x'])('refuses %j', (value) => {
    expect(validateCroissant(value)).toEqual(['document: is not an object'])
  })
})

import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { ReleaseFile } from '../../schema/contracts/release-row.ts'
import { releaseColumns, type Column, type Field, type Scalar } from './columns.ts'
import { licenceForms } from './licences.ts'
import { stableYaml } from './stable-text.ts'

const ORDER =
  'language language_bcp47 license license_name license_link pretty_name annotations_creators language_creators multilinguality size_categories source_datasets task_categories tags configs dataset_info config_name default data_files split path features splits name dtype list struct num_bytes num_examples download_size dataset_size'.split(
    ' ',
  )

/** The config that holds all languages; no part of a language tag is longer than eight letters, so it cannot clash. */
const ALL = 'all-languages'

interface Split {
  name: string
  num_bytes: number
  num_examples: number
}

/** The card's front matter as the Hugging Face Hub and its `datasets` library read it: one config per language, and one of all. */
export function frontMatter(facts: ReleaseFacts, files: readonly ReleaseFile[]): string {
  const { spec, counts } = facts
  const languages = Object.keys(counts)
  const generated = Object.values(counts).some(({ ling, thick }) => ling + thick > 0)
  const creators = generated ? ['found', 'machine-generated'] : ['found']
  const matter = {
    language: [...new Set(languages.map((tag) => tag.split('-')[0]!))],
    language_bcp47: languages,
    ...licenceForms(spec.card.licence).hub,
    pretty_name: spec.card.title,
    annotations_creators: creators,
    language_creators: creators,
    multilinguality: [languages.length > 1 ? 'multilingual' : 'monolingual'],
    size_categories: [sizeCategory(Object.values(counts).reduce((sum, { rows }) => sum + rows, 0))],
    source_datasets: ['original'],
    task_categories: ['image-to-text', 'image-text-to-text'],
    tags: ['image', 'text'],
    configs: configs(facts),
    dataset_info: datasetInfo(facts, files),
  }
  return `---\n${stableYaml(matter, ORDER)}---\n`
}

function configs({ counts, removals }: ReleaseFacts) {
  const files = (splits: string[], folder: string) =>
    splits.map((split) => ({ split, path: `data/${folder}/${split}-*.parquet` }))
  return [
    { config_name: ALL, default: true, data_files: files(splitNames(counts), '*') },
    ...Object.entries(counts).map(([lang, { splits }]) => ({
      config_name: lang,
      data_files: files(Object.keys(splits), lang),
    })),
    { config_name: 'lineage', data_files: 'lineage/*/*.parquet' },
    ...(removals > 0 ? [{ config_name: 'removals', data_files: 'removals.parquet' }] : []),
  ]
}

function splitNames(counts: ReleaseFacts['counts']): string[] {
  return [...new Set(Object.values(counts).flatMap(({ splits }) => Object.keys(splits)))].sort()
}

function datasetInfo({ counts, scoreNames }: ReleaseFacts, files: readonly ReleaseFile[]) {
  const features = releaseColumns(scoreNames).map(cardFeature)
  const info = (config_name: string, splits: Split[]) => {
    const size = splits.reduce((sum, { num_bytes }) => sum + num_bytes, 0)
    return { config_name, features, splits, download_size: size, dataset_size: size }
  }
  const perLanguage = Object.entries(counts).map(([lang, { splits }]) =>
    info(
      lang,
      Object.entries(splits).map(([name, num_examples]) => ({
        name,
        num_bytes: bytesOf(files, lang, name),
        num_examples,
      })),
    ),
  )
  const all = splitNames(counts).map((name) => {
    const same = perLanguage.flatMap(({ splits }) => splits.filter((split) => split.name === name))
    const sum = (field: 'num_bytes' | 'num_examples') => same.reduce((total, split) => total + split[field], 0)
    return { name, num_bytes: sum('num_bytes'), num_examples: sum('num_examples') }
  })
  return [info(ALL, all), ...perLanguage]
}

function bytesOf(files: readonly ReleaseFile[], lang: string, split: string): number {
  const own = files.filter(({ path }) => path.startsWith(`data/${lang}/${split}-`))
  return own.reduce((sum, { bytes }) => sum + bytes, 0)
}

const DTYPE: Record<Scalar, string> = { string: 'string', bool: 'bool', int32: 'int32', double: 'float64' }

function cardFeature(column: Column): object {
  const fields = (list: Field[]) => list.map(({ name, kind }) => ({ name, dtype: DTYPE[kind] }))
  switch (column.kind) {
    case 'image':
      return { name: column.name, dtype: 'image' }
    case 'struct':
      return { name: column.name, struct: fields(column.fields) }
    case 'list':
      return { name: column.name, list: fields(column.fields) }
    case 'string':
    case 'bool':
    case 'int32':
    case 'double':
      return { name: column.name, dtype: DTYPE[column.kind] }
  }
}

/** The Hub's size classes: powers of ten from a thousand up. */
function sizeCategory(rows: number): string {
  const bounds: [number, string][] = [
    [1e3, '1K'],
    [1e4, '10K'],
    [1e5, '100K'],
    [1e6, '1M'],
    [1e7, '10M'],
    [1e8, '100M'],
    [1e9, '1B'],
    [1e10, '10B'],
    [1e11, '100B'],
    [1e12, '1T'],
  ]
  const above = bounds.findIndex(([bound]) => rows < bound)
  if (above === 0) return 'n<1K'
  if (above < 0) return 'n>1T'
  return `${bounds[above - 1]![1]}<n<${bounds[above]![1]}`
}

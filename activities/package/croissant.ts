import { creatorsOf } from './creators.ts'
import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { ReleaseFile } from '../../schema/contracts/release-row.ts'
import * as texts from './card-texts.ts'
import { releaseColumns, type Column, type Field, type Scalar } from './columns.ts'
import { COLUMN_TEXTS } from './column-texts.ts'
import { licenceForms } from './licences.ts'
import { CROISSANT_CONTEXT, CONFORMS_TO } from './croissant-terms.ts'
import { stableJson } from './stable-text.ts'

const PARQUET = 'application/x-parquet'

/**
 * `croissant.json`: Croissant 1.1 with the RAI 1.0 properties. Every data file is a FileObject with size and SHA-256,
 * every language a FileSet and a RecordSet whose fields are the columns. Addresses are relative to the file itself.
 */
export function croissantJson(facts: ReleaseFacts, files: readonly ReleaseFile[]): string {
  const { spec, counts } = facts
  const data = files.filter(({ path }) => path.startsWith('data/'))
  return stableJson({
    '@context': CROISSANT_CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: CONFORMS_TO,
    name: spec.dataset,
    alternateName: spec.card.title,
    description: texts.description(facts),
    version: spec.version,
    datePublished: spec.date,
    license: licenceForms(spec.card.licence).url ?? { '@type': 'sc:CreativeWork', name: spec.card.licence },
    url: homeUrl(facts),
    creator: creatorsOf(spec).map((name) => ({ '@type': 'sc:Organization', name })),
    inLanguage: Object.keys(counts),
    keywords: ['image', 'text', 'multilingual', ...Object.keys(counts)],
    citeAs: texts.citation(facts),
    isLiveDataset: false,
    ...provenance(facts),
    ...responsibleUse(facts),
    distribution: [...data.map(fileObject), ...Object.keys(counts).map(fileSet)],
    recordSet: Object.keys(counts).map((lang) => recordSet(lang, facts.scoreNames)),
  })
}

/** The contact when it is a web address; else a name made of the Merkle root, which is what the release is. */
function homeUrl({ spec, tree }: ReleaseFacts): string {
  return /^https?:\/\/\S+$/.test(spec.card.contact) ? spec.card.contact : `urn:sha256:${tree.root}`
}

function provenance({ spec, inputs, steps }: ReleaseFacts) {
  return {
    ...(inputs.length > 0 && {
      'prov:wasDerivedFrom': inputs.map(({ kind, name, sha256 }) => ({
        '@id': `urn:sha256:${sha256}`,
        '@type': 'prov:Entity',
        'prov:label': `${kind} ${name}`,
      })),
    }),
    'prov:wasGeneratedBy': steps.map(({ step, sha256, summary }) => ({
      '@id': `urn:sha256:${sha256}`,
      '@type': 'prov:Activity',
      'prov:label': `${step}: ${summary}`,
    })),
    'prov:wasAttributedTo': creatorsOf(spec).map((name) => ({ '@type': 'prov:Agent', 'prov:label': name })),
  }
}

function responsibleUse(facts: ReleaseFacts) {
  const { spec, steps, tree, removals } = facts
  const calls = texts.modelCalls(facts)
  const signals = texts.honoured(facts)
  return {
    'rai:dataCollection': `Web pages and the pictures they show, crawled from seed sites in the listed languages.${signals.length > 0 ? ` Honoured: ${signals.join('; ')}.` : ''}`,
    'rai:dataCollectionType': ['Web Scraping'],
    'rai:dataCollectionRawData':
      'HTML pages and picture files as served, kept as WARC records; `lineage/` names the record of each sample.',
    'rai:dataCollectionMissingData':
      'A text that is not there, or did not pass its checks, is null; the row stays when another text is left.',
    'rai:dataPreprocessingProtocol': steps.map(({ step, summary }) => `${step}: ${summary}`),
    'rai:dataManipulationProtocol': `Pictures are oriented, flattened, scaled to at most ${spec.image.max_side} pixels and re-encoded as ${spec.image.format} without metadata.`,
    'rai:dataImputationProtocol': 'None.',
    'rai:dataAnnotationProtocol':
      calls.length > 0
        ? 'Captions are generated and translated by machine and checked by rules; no person annotated.'
        : 'Texts are as found on the pages; no person annotated.',
    'rai:annotationsPerItem': '0 human labels',
    'rai:machineAnnotationTools': calls.map(
      ({ task, call, lang }) => `${task}${lang ? ` (${lang})` : ''}: ${call.provider} ${call.model} ${call.revision}`,
    ),
    'rai:dataUseCases': texts.USES,
    'rai:dataLimitations': texts.limitations(facts),
    'rai:dataBiases': texts.biases(facts),
    'rai:dataSocialImpact':
      'Meant to make multimodal models serve speakers of languages that they serve badly; text of unequal quality can also fix wrong pictures of those cultures.',
    'rai:personalSensitiveInformation': [texts.PERSONAL_INFORMATION],
    'rai:dataReleaseMaintenancePlan': `Removals on request to ${spec.card.contact}; ${removals} keys removed so far, listed in removals.parquet. Versions are fixed: this one has ${tree.size} rows under Merkle root ${tree.root}.`,
  }
}

function fileObject({ path, sha256, bytes }: ReleaseFile) {
  return {
    '@type': 'cr:FileObject',
    '@id': path,
    name: path.split('/').at(-1)!,
    contentUrl: path,
    contentSize: `${bytes} B`,
    encodingFormat: PARQUET,
    sha256,
  }
}

function fileSet(lang: string) {
  return {
    '@type': 'cr:FileSet',
    '@id': `${lang}-files`,
    name: `${lang}-files`,
    encodingFormat: PARQUET,
    includes: `data/${lang}/*.parquet`,
  }
}

function recordSet(lang: string, scoreNames: readonly string[]) {
  return {
    '@type': 'cr:RecordSet',
    '@id': lang,
    name: lang,
    description: `Samples in ${lang}.`,
    key: { '@id': `${lang}/key` },
    field: releaseColumns(scoreNames).map((column) => columnField(lang, column)),
  }
}

const TYPES: Record<Scalar, string> = { string: 'sc:Text', bool: 'sc:Boolean', int32: 'sc:Integer', double: 'sc:Float' }

function columnField(lang: string, column: Column) {
  const id = `${lang}/${column.name}`
  const base = {
    '@type': 'cr:Field',
    '@id': id,
    name: column.name,
    description: COLUMN_TEXTS[column.name] ?? column.name,
  }
  switch (column.kind) {
    case 'image':
      return { ...base, dataType: 'sc:ImageObject', source: source(lang, column.name, 'bytes') }
    case 'struct':
      return { ...base, subField: column.fields.map((field) => subField(lang, id, column.name, field)) }
    case 'list':
      return {
        ...base,
        isArray: true,
        arrayShape: '-1',
        subField: column.fields.map((field) => subField(lang, id, column.name, field)),
      }
    case 'string':
    case 'bool':
    case 'int32':
    case 'double':
      return { ...base, dataType: TYPES[column.kind], source: source(lang, column.name) }
  }
}

function subField(lang: string, parent: string, column: string, { name, kind }: Field) {
  return {
    '@type': 'cr:Field',
    '@id': `${parent}/${name}`,
    name,
    dataType: TYPES[kind],
    source: source(lang, column, name),
  }
}

function source(lang: string, column: string, member?: string) {
  return {
    fileSet: { '@id': `${lang}-files` },
    extract: { column },
    ...(member && { transform: { jsonPath: member } }),
  }
}

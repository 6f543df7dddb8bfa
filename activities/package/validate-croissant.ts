import { CONFORMS_TO, CROISSANT_CONTEXT } from './croissant-terms.ts'

type Json = Record<string, unknown>

/** RAI 1.0 properties without which a dataset's use cannot be judged. */
const RAI_REQUIRED = [
  'dataCollection',
  'dataPreprocessingProtocol',
  'dataAnnotationProtocol',
  'dataUseCases',
  'dataLimitations',
  'dataBiases',
  'dataSocialImpact',
  'personalSensitiveInformation',
  'dataReleaseMaintenancePlan',
]

/** Data types of the fields that our record sets use. */
const DATA_TYPES = ['sc:Text', 'sc:Boolean', 'sc:Integer', 'sc:Float', 'sc:ImageObject']

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/

/**
 * Everything in which a document breaks Croissant 1.1 or lacks what it requires and recommends for a dataset of files:
 * names the place and the rule; empty when it keeps them. Stricter than the reference library, which passes documents
 * without name, description, url or creator. It checks the compact form that this project writes.
 */
export function validateCroissant(document: unknown): string[] {
  if (!isObject(document)) return ['document: is not an object']
  return [
    ...contextProblems(document['@context']),
    ...datasetProblems(document),
    ...raiProblems(document),
    ...resourceProblems(list(document['distribution'])),
    ...recordProblems(list(document['recordSet'])),
    ...idProblems(document),
  ]
}

function* contextProblems(context: unknown): Generator<string> {
  if (!isObject(context)) {
    yield '@context: is not an object'
    return
  }
  for (const [term, meaning] of Object.entries(CROISSANT_CONTEXT)) {
    if (JSON.stringify(context[term]) !== JSON.stringify(meaning))
      yield `@context: ${term} is not as the specification has it`
  }
}

function* datasetProblems(dataset: Json): Generator<string> {
  if (dataset['@type'] !== 'sc:Dataset') yield '@type: is not sc:Dataset'
  for (const version of CONFORMS_TO)
    if (!list(dataset['conformsTo']).includes(version)) yield `conformsTo: lacks ${version}`
  for (const name of ['name', 'description', 'citeAs']) if (!isText(dataset[name])) yield `${name}: is not a text`
  if (!isUrl(dataset['url'])) yield 'url: is not an absolute address'
  if (typeof dataset['version'] !== 'string' || !SEMVER.test(dataset['version']))
    yield 'version: is not MAJOR.MINOR.PATCH'
  if (typeof dataset['datePublished'] !== 'string' || !DATE.test(dataset['datePublished']))
    yield 'datePublished: is not a date'
  yield* each(
    dataset,
    'license',
    (value) => isUrl(value) || (isObject(value) && isText(value['name'])),
    'an address or a named work',
  )
  yield* each(dataset, 'creator', isCreator, 'a named person or organisation')
  yield* each(dataset, 'inLanguage', isText, 'a language tag')
  yield* each(dataset, 'keywords', isText, 'a text')
  yield* each(dataset, 'distribution', isObject, 'a file or set of files')
  yield* each(dataset, 'recordSet', isObject, 'a record set')
  if (typeof dataset['isLiveDataset'] !== 'boolean') yield 'isLiveDataset: is not true or false'
}

function* each(dataset: Json, name: string, good: (value: unknown) => boolean, expected: string): Generator<string> {
  const values = list(dataset[name])
  if (values.length === 0) yield `${name}: is missing`
  for (const value of values) if (!good(value)) yield `${name}: is not ${expected}`
}

function isCreator(value: unknown): boolean {
  return isObject(value) && ['sc:Organization', 'sc:Person'].includes(String(value['@type'])) && isText(value['name'])
}

function* raiProblems(dataset: Json): Generator<string> {
  for (const name of RAI_REQUIRED) {
    const values = list(dataset[`rai:${name}`])
    if (values.length === 0 || !values.every(isText)) yield `rai:${name}: is missing or not a text`
  }
}

function* resourceProblems(resources: unknown[]): Generator<string> {
  for (const resource of resources.filter(isObject)) {
    const id = String(resource['@id'])
    if (!isText(resource['name'])) yield `${id}: name is not a text`
    if (!isText(resource['encodingFormat'])) yield `${id}: encodingFormat is not a media type`
    if (resource['@type'] === 'cr:FileObject') yield* fileObjectProblems(id, resource)
    else if (resource['@type'] !== 'cr:FileSet') yield `${id}: @type is neither cr:FileObject nor cr:FileSet`
    else if (list(resource['includes']).length === 0 || !list(resource['includes']).every(isText))
      yield `${id}: includes is not a pattern`
  }
}

function* fileObjectProblems(id: string, file: Json): Generator<string> {
  if (!isText(file['contentUrl'])) yield `${id}: contentUrl is not an address`
  if (!/^\d+ B$/.test(String(file['contentSize']))) yield `${id}: contentSize is not a number of bytes`
  if (!/^[0-9a-f]{64}$/.test(String(file['sha256']))) yield `${id}: sha256 is not 64 lowercase hex digits`
}

function* recordProblems(recordSets: unknown[]): Generator<string> {
  for (const recordSet of recordSets.filter(isObject)) {
    const id = String(recordSet['@id'])
    const fields = list(recordSet['field']).filter(isObject)
    if (recordSet['@type'] !== 'cr:RecordSet') yield `${id}: @type is not cr:RecordSet`
    if (!isText(recordSet['name'])) yield `${id}: name is not a text`
    if (fields.length === 0) yield `${id}: has no field`
    const keys = list(recordSet['key']).map((key) => (isObject(key) ? key['@id'] : undefined))
    if (keys.length === 0 || !keys.every((key) => fields.some((field) => field['@id'] === key)))
      yield `${id}: key is not one of its fields`
    for (const field of fields) yield* fieldProblems(field, `${id}/`)
  }
}

function* fieldProblems(field: Json, prefix: string): Generator<string> {
  const id = String(field['@id'])
  if (!id.startsWith(prefix)) yield `${id}: @id does not start with ${prefix}`
  if (field['@type'] !== 'cr:Field') yield `${id}: @type is not cr:Field`
  if (!isText(field['name'])) yield `${id}: name is not a text`
  if (field['arrayShape'] !== undefined && field['isArray'] !== true) yield `${id}: arrayShape without isArray`
  const members = list(field['subField']).filter(isObject)
  for (const member of members) yield* fieldProblems(member, `${id}/`)
  if (members.length > 0) return
  if (!DATA_TYPES.includes(String(field['dataType']))) yield `${id}: dataType is not known`
  const source = field['source']
  if (!isObject(source) || !isObject(source['extract']) || !isText(source['extract']['column']))
    yield `${id}: source does not name a column`
}

/** Ids are unique, and every reference leads to one. */
function* idProblems(document: Json): Generator<string> {
  const seen = new Set<string>()
  const references = new Set<string>()
  const pending: unknown[] = [...list(document['distribution']), ...list(document['recordSet'])]
  while (pending.length > 0) {
    const node = pending.pop()
    if (Array.isArray(node)) pending.push(...(node as unknown[]))
    if (!isObject(node)) continue
    pending.push(...Object.values(node))
    const id = node['@id']
    if (typeof id !== 'string') {
      if (typeof node['@type'] === 'string') yield `${node['@type']}: has no @id`
    } else if (Object.keys(node).length === 1) references.add(id)
    else if (seen.has(id)) yield `${id}: @id is given twice`
    else seen.add(id)
  }
  for (const id of references) if (!seen.has(id)) yield `${id}: is referred to and not there`
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const isUrl = (value: unknown) => typeof value === 'string' && URL.canParse(value)
const list = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]

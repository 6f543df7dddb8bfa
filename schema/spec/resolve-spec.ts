import type {
  CrawlSection,
  DeepPartial,
  FilterSection,
  LanguageOverride,
  ModelCall,
  ReleaseSpec,
} from '../contracts/spec.ts'
import { completeCall, mergeDeep } from './language-plan.ts'
import { minimiseTag } from './language-tag.ts'
import {
  CARD_DEFAULTS,
  CRAWL_DEFAULTS,
  DEFAULT_SPLITS,
  FILTER_DEFAULTS,
  IMAGE_DEFAULTS,
  PACKAGE_DEFAULTS,
  SELECT_DEFAULTS,
  TASKS,
} from './spec-defaults.ts'
import { readSeedArchive, writeSeedArchive } from './seed-archive.ts'
import { readSeed, writeSeed } from './seed-sitemap.ts'
import type { SpecFault, SpecPath } from './spec-fault.ts'
import type { WrittenModelCall, WrittenSpec } from './spec.schema.ts'

/** Gives the URLs of a seed file, with the faults of reading it. */
export type SeedFileReader = (path: SpecPath, file: string) => { urls: string[]; faults: SpecFault[] }

/** Gives where an archive lies (absolute) and its sha256 (lowercase hex), or what is wrong with it. */
export type SeedArchiveReader = (file: string) => { file: string; sha256: string } | { fact: string }

/** How what a spec names is read. */
export interface SeedReaders {
  list: SeedFileReader
  archive: SeedArchiveReader
}

/**
 * A spec of the right shape with its defaults filled in, language tags minimised and lists that are sets sorted.
 * Faults are of single values (tags, seed URLs); `contradictions` (spec-rules.ts) looks at them together.
 */
export function resolveSpec(written: WrittenSpec, readers: SeedReaders): { spec: ReleaseSpec; faults: SpecFault[] } {
  const faults: SpecFault[] = []
  const filters = mergeDeep(FILTER_DEFAULTS, written.filters ?? {})
  const { splits = DEFAULT_SPLITS, ...select } = written.select ?? {}
  const calls = Object.fromEntries(TASKS.map((task) => [task, call(faults, task, written[task])]))
  const packaging = mergeDeep(PACKAGE_DEFAULTS, written.package ?? {})
  const image = mergeDeep(IMAGE_DEFAULTS, written.image ?? {})
  const spec: ReleaseSpec = {
    dataset: written.dataset,
    version: written.version,
    date: written.date,
    base: written.base ?? null,
    languages: languages(faults, written.languages),
    card: mergeDeep({ ...CARD_DEFAULTS, title: written.dataset }, written.card ?? {}),
    crawls: [...new Set(written.crawls ?? [])].toSorted(),
    crawl:
      written.crawl === null || written.crawl === undefined
        ? null
        : crawl(faults, written.crawl, written.card?.contact ?? '', readers),
    image: { ...image, background: image.background.toLowerCase() },
    filters: withSortedSets(faults, ['filters'], filters),
    caption: calls['caption'] ?? null,
    translate: calls['translate'] ?? null,
    thick: calls['thick'] ?? null,
    overrides: overrides(faults, written.overrides ?? {}),
    select: {
      ...mergeDeep(SELECT_DEFAULTS, select),
      target: byTag(faults, ['select', 'target'], select.target ?? {}),
      splits,
    },
    package: { ...packaging, formats: [...new Set(packaging.formats)].toSorted() },
  }
  return { spec, faults }
}

function call(
  faults: SpecFault[],
  task: (typeof TASKS)[number],
  written: WrittenModelCall | null | undefined,
): ModelCall | null {
  if (written === null || written === undefined) return null
  const complete = completeCall(task, written, null)
  return complete === null ? null : { ...complete, pivot: tag(faults, [task, 'pivot'], 'value', complete.pivot) }
}

/** The minimised tag; what is none stays as written, with a fault. */
function tag(faults: SpecFault[], path: SpecPath, at: 'key' | 'value', written: string, isUndAllowed = false): string {
  const minimal = minimiseTag(written)
  if (minimal !== null && (minimal !== 'und' || isUndAllowed)) return minimal
  faults.push({ path, at, fact: `is no language tag (BCP 47, such as sr or sr-Latn)` })
  return written
}

function languages(faults: SpecFault[], written: readonly string[]): string[] {
  const tags = written.map((text, index) => tag(faults, ['languages', index], 'value', text))
  for (const [index, text] of tags.entries()) {
    if (tags.indexOf(text) < index)
      faults.push({ path: ['languages', index], at: 'value', fact: `is ${text} a second time` })
  }
  return [...new Set(tags)].toSorted()
}

/** A map by language with minimised keys; two spellings of one language are a fault. */
function byTag<T>(
  faults: SpecFault[],
  path: SpecPath,
  written: Readonly<Record<string, T>>,
  isUndAllowed = false,
): Record<string, T> {
  const result = new Map<string, T>()
  for (const [text, value] of Object.entries(written)) {
    const minimal = tag(faults, [...path, text], 'key', text, isUndAllowed)
    if (result.has(minimal)) faults.push({ path: [...path, text], at: 'key', fact: `is ${minimal} a second time` })
    result.set(minimal, value)
  }
  return Object.fromEntries([...result].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function withSortedSets<T extends DeepPartial<FilterSection>>(faults: SpecFault[], path: SpecPath, filters: T): T {
  const result = { ...filters }
  if (filters.drop_types !== undefined) result.drop_types = [...new Set(filters.drop_types)].toSorted()
  const contrast = filters.language?.contrast
  if (contrast !== undefined) {
    const tags = contrast.map((text, index) => tag(faults, [...path, 'language', 'contrast', index], 'value', text))
    result.language = { ...filters.language, contrast: [...new Set(tags)].toSorted() }
  }
  return result
}

function overrides(faults: SpecFault[], written: NonNullable<WrittenSpec['overrides']>): ReleaseSpec['overrides'] {
  return byTag(
    faults,
    ['overrides'],
    Object.fromEntries(
      Object.entries(written).map(([text, override]) => [text, languageOverride(faults, text, override)]),
    ),
  )
}

function languageOverride(
  faults: SpecFault[],
  text: string,
  written: NonNullable<WrittenSpec['overrides']>[string],
): LanguageOverride {
  const result: Record<string, unknown> = {}
  if (written.filters !== undefined)
    result['filters'] = withSortedSets(faults, ['overrides', text, 'filters'], written.filters)
  for (const task of TASKS) {
    const special = written[task]
    if (special === undefined) continue
    result[task] =
      special === null || special.provider === 'none'
        ? null
        : minimalPivot(faults, ['overrides', text, task, 'pivot'], special)
  }
  return result as LanguageOverride
}

function minimalPivot(faults: SpecFault[], path: SpecPath, written: WrittenModelCall): WrittenModelCall {
  return written.pivot === undefined ? written : { ...written, pivot: tag(faults, path, 'value', written.pivot) }
}

function crawl(
  faults: SpecFault[],
  written: NonNullable<WrittenSpec['crawl']>,
  contact: string,
  readers: SeedReaders,
): CrawlSection {
  const { seeds: writtenSeeds, ...rest } = written
  const section = mergeDeep(CRAWL_DEFAULTS, rest)
  const { user_agent, honour } = section.politeness
  const isContact = contact !== '' && /^[\x20-\x7e]+$/.test(contact)
  const agent = user_agent === '' && isContact ? `mella (+${contact})` : user_agent
  const lists = Object.entries(writtenSeeds).map(
    ([text, list]) => [text, seeds(faults, ['crawl', 'seeds', text], list, readers)] as const,
  )
  return {
    seeds: byTag(faults, ['crawl', 'seeds'], Object.fromEntries(lists), true),
    scope: section.scope,
    limits: section.limits,
    politeness: { ...section.politeness, user_agent: agent, honour: [...new Set(honour)].toSorted() },
  }
}

function seeds(
  faults: SpecFault[],
  path: SpecPath,
  written: string[] | { urls: string },
  readers: SeedReaders,
): string[] {
  if (!Array.isArray(written)) {
    const list = readers.list([...path, 'urls'], written.urls)
    faults.push(...list.faults)
    return [...new Set(list.urls)].toSorted()
  }
  const urls = written.map((text, index) => {
    const { url, fact } = text.startsWith('warc:') ? readArchive(text, readers.archive) : readSeedUrl(text)
    if (fact !== null) faults.push({ path: [...path, index], at: 'value', fact })
    return url
  })
  return [...new Set(urls)].toSorted()
}

/** A `warc:` seed with the file's full path and digest. A digest that a person wrote has to be the file's. */
function readArchive(text: string, read: SeedArchiveReader): { url: string; fact: string | null } {
  const written = readSeedArchive(text)
  if (written === null) return { url: text, fact: 'names no file: warc:FILE' }
  const found = read(written.file)
  if ('fact' in found) return { url: text, fact: found.fact }
  const isMeant = written.sha256 === null || written.sha256 === found.sha256
  return {
    url: writeSeedArchive(found.file, found.sha256),
    fact: isMeant ? null : `names ${found.file}, whose sha256 is ${found.sha256}`,
  }
}

/** A page's or a sitemap's seed as the crawl asks for it; `fact` says what is wrong with it. */
export function readSeedUrl(text: string): { url: string; fact: string | null } {
  const { url: written, sitemap } = readSeed(text)
  const { url, fact } = readWebUrl(written)
  return { url: writeSeed({ url, sitemap }), fact }
}

/** Without fragment. */
function readWebUrl(text: string): { url: string; fact: string | null } {
  if (!URL.canParse(text)) return { url: text, fact: `is no URL: ${text}` }
  const url = new URL(text)
  url.hash = ''
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { url: text, fact: `must be an http or https URL: ${text}` }
  if (url.username !== '' || url.password !== '')
    return { url: url.href, fact: 'must not hold a user name or password' }
  return { url: url.href, fact: null }
}

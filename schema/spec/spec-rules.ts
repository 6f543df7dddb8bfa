import type { FilterSection, ModelCall, ReleaseSpec } from '../contracts/spec.ts'
import { resolveLanguage } from './language-plan.ts'
import { TASKS, type Task } from './spec-defaults.ts'
import { readSeed } from './seed-sitemap.ts'
import type { SpecFault, SpecPath } from './spec-fault.ts'

/** Shares are decimals in a file: their sum is off by a few units in the last place. */
const SHARE_TOLERANCE = 1e-9

/** Formats that packaging writes today. */
const WRITTEN_FORMATS: readonly string[] = ['parquet']

/**
 * What cannot hold together in a resolved spec, or cannot be done by this version. Without `areLanguagesKnown` the rules
 * that look at the list of languages are left out.
 */
export function contradictions(spec: ReleaseSpec, areLanguagesKnown: boolean): SpecFault[] {
  const general = [ofCrawl, ofUnbuilt, ofUserAgent, ofLimits, ofSplits]
  const ofList = areLanguagesKnown ? [ofLanguages, ofGenerations] : []
  return [...general, ...ofList].flatMap((rule) => rule(spec))
}

function fault(path: SpecPath, fact: string, at: SpecFault['at'] = 'value'): SpecFault {
  return { path, at, fact }
}

function ofCrawl({ crawl, crawls }: ReleaseSpec): SpecFault[] {
  if (crawl === null && crawls.length === 0)
    return [fault(['crawl'], 'is missing: name seeds in crawl, or frozen crawls in crawls')]
  if (crawl !== null && crawls.length > 0)
    return [fault(['crawls'], 'cannot stand beside crawl: use one of the two', 'key')]
  if (crawl !== null && Object.keys(crawl.seeds).length === 0)
    return [fault(['crawl', 'seeds'], 'must name at least one seed')]
  const seeds = Object.values(crawl?.seeds ?? {}).flat()
  const archives = seeds.filter((seed) => seed.startsWith('warc:')).length
  if (archives > 0 && archives < seeds.length)
    return [fault(['crawl', 'seeds'], 'holds archives beside URLs: make a crawl of each, and name both in crawls')]
  if (crawl?.scope === 'page' && seeds.some((seed) => readSeed(seed).sitemap))
    return [fault(['crawl', 'scope'], 'is page, which leaves out what a sitemap names: use host or domain')]
  return []
}

/** The shape is ahead of what runs: what would be ignored in silence is refused. */
function ofUnbuilt(spec: ReleaseSpec): SpecFault[] {
  return [
    ...(spec.base === null ? [] : [fault(['base'], 'is not supported by this version', 'key')]),
    ...spec.package.formats
      .filter((format) => !WRITTEN_FORMATS.includes(format))
      .map((format) => fault(['package', 'formats'], `has ${format}, which this version does not write`)),
  ]
}

/** Under a browser's name a crawler could be addressed by no robots.txt, and would be taken for what it is not. */
const OWN_NAME = /^(?!mozilla\b)[a-z_-]/i

/** A site's owner must be able to reach whoever crawls it. */
function ofUserAgent({ crawl }: ReleaseSpec): SpecFault[] {
  if (crawl === null) return []
  const path = ['crawl', 'politeness', 'user_agent']
  const agent = crawl.politeness.user_agent
  if (agent === '')
    return [fault(path, 'is missing: name the crawler with a contact, such as "mybot (+https://example.org/bot)"')]
  if (!OWN_NAME.test(agent))
    return [
      fault(path, 'must begin with a name of the crawler, which robots.txt may name: letters, - or _, no browser'),
    ]
  return hasContact(agent) ? [] : [fault(path, 'must hold a contact: a URL or a mail address')]
}

function hasContact(agent: string): boolean {
  return agent.split(/[\s()<>;,+]+/).some((word) => {
    if (/^mailto:/i.test(word)) return isMailAddress(word.slice('mailto:'.length))
    return isMailAddress(word) || (/^https?:\/\//i.test(word) && URL.canParse(word))
  })
}

function isMailAddress(word: string): boolean {
  const [name = '', domain = '', ...rest] = word.split('@')
  return rest.length === 0 && name !== '' && /^[^.]+(\.[^.]+)+$/.test(domain)
}

function ofLimits(spec: ReleaseSpec): SpecFault[] {
  const special = Object.keys(spec.overrides).filter((tag) => spec.overrides[tag]?.filters?.text !== undefined)
  const all: [SpecPath, FilterSection][] = [
    [[], spec.filters],
    ...special.map((tag): [SpecPath, FilterSection] => [['overrides', tag], resolveLanguage(spec, tag).filters]),
  ]
  return all
    .filter(([, { text }]) => text.min_chars > text.max_chars)
    .map(([path]) => fault([...path, 'filters', 'text'], 'has a min_chars over its max_chars'))
}

function ofLanguages({ languages, overrides, select }: ReleaseSpec): SpecFault[] {
  const unknown = (path: SpecPath, tag: string): SpecFault[] =>
    languages.includes(tag)
      ? []
      : [
          {
            path: [...path, tag],
            at: 'key',
            fact: 'is not among the languages of this spec',
            valid: { given: tag, names: languages },
          },
        ]
  return [
    ...Object.keys(overrides).flatMap((tag) => unknown(['overrides'], tag)),
    ...Object.keys(select.target).flatMap((tag) => unknown(['select', 'target'], tag)),
  ]
}

function ofSplits({ select }: ReleaseSpec): SpecFault[] {
  const shares = Object.values(select.splits)
  const sum = shares.reduce((total, share) => total + share, 0)
  if (Math.abs(sum - 1) <= SHARE_TOLERANCE) return []
  return [fault(['select', 'splits'], `must add up to 1, they make ${Number(sum.toFixed(6))}`)]
}

/** Calls are looked at per language, as they will be made; one fault of a general call is told once. */
function ofGenerations(spec: ReleaseSpec): SpecFault[] {
  const faults = new Map<string, SpecFault>()
  for (const tag of spec.languages) {
    const plan = resolveLanguage(spec, tag)
    const pathOf = (task: Task): SpecPath => (spec.overrides[tag]?.[task] ? ['overrides', tag, task] : [task])
    for (const task of TASKS)
      for (const found of ofCall(task, plan[task], pathOf(task))) faults.set(JSON.stringify(found), found)
    if (plan.translate === null || plan.caption !== null) continue
    const found = fault(pathOf('translate'), `has nothing to translate: ${tag} has no caption`)
    faults.set(JSON.stringify(found), found)
  }
  return [...faults.values()]
}

function ofCall(task: Task, call: ModelCall | null, path: SpecPath): SpecFault[] {
  if (call === null) return []
  if (task !== 'translate' && call.provider !== 'openai')
    return [fault([...path, 'provider'], `must be openai for ${task}, is ${call.provider}`)]
  switch (call.provider) {
    case 'openai':
      return [
        ...(call.model === '' ? [fault([...path, 'model'], 'is missing')] : []),
        ...(call.prompt.startsWith(`${task}/`) ? [] : [fault([...path, 'prompt'], `must be a prompt of ${task}/`)]),
        ...(call.pair === null ? [] : [fault([...path, 'pair'], 'is of apertium only')]),
      ]
    case 'apertium':
      return call.pair === null ? [fault([...path, 'pair'], 'is missing: name the language pair, such as eng|spa')] : []
    case 'libretranslate':
      return call.pair === null ? [] : [fault([...path, 'pair'], 'is of apertium only')]
    default:
      return call.provider satisfies never
  }
}

import { creatorsOf } from './creators.ts'
import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { FilterSection, Honour, ModelCall } from '../../schema/contracts/spec.ts'

/** Sentences about a release, each made from its facts; the card and the Croissant file say the same. */

const SIGNALS: Record<Honour, string> = {
  robots: 'robots.txt (RFC 9309), for pages and pictures; a robots file that cannot be reached is a refusal',
  noai: '`noai` and `noimageai` as HTTP header and meta element',
  tdm: 'text-and-data-mining reservations',
  'ai-pref': 'AI preference signals',
}

/** What the crawl honoured; a spec over finished crawls says nothing of its own. */
export function honoured({ spec }: ReleaseFacts): string[] {
  return (spec.crawl?.politeness.honour ?? []).map((signal) => SIGNALS[signal])
}

/** Models and translators, by task, that wrote text of this release. */
export function modelCalls({ spec }: ReleaseFacts): { task: string; call: ModelCall; lang: string | null }[] {
  const tasks = ['caption', 'translate', 'thick'] as const
  return tasks.flatMap((task) => {
    const main = spec[task]
    const own = Object.entries(spec.overrides).flatMap(([lang, override]) => {
      const change = override[task]
      return change ? [{ task, call: { ...main, ...change } as ModelCall, lang }] : []
    })
    return [...(main ? [{ task, call: main, lang: null }] : []), ...own]
  })
}

/** Model names that start with `example/` stand for a program that tries the system out, not for a model. */
export function usesExampleModel(facts: ReleaseFacts): boolean {
  const names = [...facts.tools.map(({ name }) => name), ...modelCalls(facts).map(({ call }) => call.model)]
  return names.some((name) => name.startsWith('example/'))
}

export const EXAMPLE_WARNING =
  'The generated text of this release comes from an example program that tries the system out. It is **not for training** and describes nothing reliably.'

/** One sentence on what the release is, when the spec brings none. */
export function description({ spec, counts, tree }: ReleaseFacts): string {
  if (spec.card.description) return spec.card.description
  const tags = Object.keys(counts)
  const generated = Object.values(counts).some(({ ling, thick }) => ling + thick > 0)
  const texts = generated
    ? 'native alternative texts from the web and generated captions'
    : 'native alternative texts from the web'
  return `${tree.size} pictures with ${texts} in ${tags.join(', ')}, with the full lineage of every sample.`
}

/** Known limits, from the spec's own limits and the counts. */
export function limitations(facts: ReleaseFacts): string[] {
  const { filters, select } = facts.spec
  return [
    ...(usesExampleModel(facts) ? [EXAMPLE_WARNING] : []),
    'Native texts are alternative texts as page authors wrote them: short, uneven in quality, and not checked by a person.',
    ...generatedLimits(facts),
    nsfwLimits(filters),
    `Near copies (PDQ distance ${filters.near_image.pdq} or less) were dropped within a language; crops, mirror images and rotations are not found.`,
    'Languages are decided from script, page and detectors. Very short texts can be of a neighbouring language.',
    ...(facts.inputs.some(({ kind }) => kind === 'abuse_list')
      ? []
      : ['No list of known abuse material was set for this release.']),
    `At most ${percent(select.max_per_host)} of a language's samples, counted before selection, come from one host.`,
  ]
}

function generatedLimits(facts: ReleaseFacts): string[] {
  if (modelCalls(facts).length === 0) return []
  return [
    'Generated captions and their translations were checked by rules, not by a person: they can be wrong, and a translation can sound translated.',
  ]
}

function nsfwLimits({ nsfw }: FilterSection): string {
  if (nsfw === null) return 'Pictures were not classified: unsafe ones were looked for by no program.'
  const limits = Object.entries(nsfw)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, limit]) => `${name} ${limit}`)
  return `Pictures above these scores were dropped, as the classifier gave them: ${limits.join(', ')}. A classifier errs both ways.`
}

/** What the make-up of the release favours. */
export function biases({ counts }: ReleaseFacts): string[] {
  const sizes = Object.entries(counts).sort(([a, m], [b, n]) => n.rows - m.rows || (a < b ? -1 : 1))
  const [most, least] = [sizes[0], sizes.at(-1)]
  const spread =
    most && least && most !== least
      ? [`Languages are not equally large: ${most[0]} has ${most[1].rows} samples, ${least[0]} has ${least[1].rows}.`]
      : []
  return [
    ...spread,
    'The seed sites decide what is seen: their subjects, regions and registers weigh more than those of speakers who do not publish there.',
    'Sites that describe their pictures are over-represented among native texts; those are often institutions, shops and manuals.',
  ]
}

export const PERSONAL_INFORMATION =
  'Pictures and texts come from public web pages and may show or name people. Faces are not removed. E-mail addresses, telephone and card numbers in native texts are looked for by rules; what those miss stays.'

export const USES = [
  'Training and evaluating image captioning and image-text models in the languages of the release.',
  'Not for identifying people, and not for deciding about them.',
]

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`
}

/** The spec's citation, or a BibTeX entry made from its facts. */
export function citation({ spec, tree }: ReleaseFacts): string {
  if (spec.card.citation) return spec.card.citation
  const braces = (text: string) => text.replace(/[{}\\]/g, '')
  const key = spec.dataset.replace(/[^A-Za-z0-9]+/g, '_')
  return [
    `@misc{${key}_${spec.version.replace(/[^0-9A-Za-z]+/g, '_')},`,
    `  title   = {${braces(spec.card.title)}},`,
    `  author  = {${creatorsOf(spec)
      .map((name) => `{${braces(name)}}`)
      .join(' and ')}},`,
    `  year    = {${spec.date.slice(0, 4)}},`,
    `  version = {${spec.version}},`,
    `  note    = {Merkle root ${tree.root}}`,
    '}',
  ].join('\n')
}

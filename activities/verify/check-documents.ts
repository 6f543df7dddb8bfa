import { parse } from 'yaml'
import type { LanguageCounts, ReleaseManifest } from '../../schema/contracts/release-manifest.ts'
import { countsTable } from '../package/card.ts'
import { contentDigest } from '../package/spec-file.ts'
import { validateCroissant } from '../package/validate-croissant.ts'
import { readText, type FolderReader } from './folder.ts'
import type { Report } from './findings.ts'

type Json = Record<string, unknown>

/** `spec.yaml` is the spec of the manifest: digest, name, version, date, base. Gives the spec. */
export async function checkSpec(folder: FolderReader, manifest: ReleaseManifest, report: Report): Promise<Json> {
  const spec = parse(await readText(folder, 'spec.yaml')) as Json
  const digest = contentDigest(spec)
  if (digest !== manifest.spec.sha256)
    report('spec.yaml', `has digest ${digest}, the manifest says ${manifest.spec.sha256}`)
  for (const name of ['dataset', 'version', 'date', 'base'] as const) {
    if (spec[name] !== manifest[name])
      report('spec.yaml', `has ${name} ${String(spec[name])}, the manifest says ${String(manifest[name])}`)
  }
  return spec
}

/** The card says the counts that the data has: in its table and in its front matter; and the root. */
export async function checkCard(
  folder: FolderReader,
  counts: Record<string, LanguageCounts>,
  root: string,
  report: Report,
): Promise<string> {
  const card = await readText(folder, 'README.md')
  if (!card.includes(`\n${countsTable(counts)}\n`))
    report('README.md', 'does not have the table of the counts in the data')
  if (!card.includes(root)) report('README.md', 'does not name the Merkle root')
  const end = card.indexOf('\n---\n', 4)
  const matter = card.startsWith('---\n') && end > 0 ? (parse(card.slice(4, end)) as Json) : undefined
  const info = Array.isArray(matter?.['dataset_info']) ? (matter['dataset_info'] as Json[]) : []
  const said = Object.fromEntries(info.map(({ config_name, splits }) => [String(config_name), splitCounts(splits)]))
  for (const [lang, { splits }] of Object.entries(counts)) {
    if (JSON.stringify(said[lang]) !== JSON.stringify(splits))
      report('README.md', `front matter does not have the splits of ${lang}`)
  }
  return `counts of ${Object.keys(counts).length} languages as in the data`
}

function splitCounts(splits: unknown): Record<string, unknown> {
  return Object.fromEntries(
    (Array.isArray(splits) ? (splits as Json[]) : []).map(({ name, num_examples }) => [String(name), num_examples]),
  )
}

/** The Croissant file keeps its form and describes exactly the data files, languages, version and date of the release. */
export async function checkCroissant(folder: FolderReader, manifest: ReleaseManifest, report: Report): Promise<string> {
  const document = JSON.parse(await readText(folder, 'croissant.json')) as Json
  for (const problem of validateCroissant(document)) report('croissant.json', problem)
  const expected = { name: manifest.dataset, version: manifest.version, datePublished: manifest.date }
  for (const [name, value] of Object.entries(expected)) {
    if (document[name] !== value)
      report('croissant.json', `has ${name} ${String(document[name])}, the manifest says ${value}`)
  }
  const languages = Object.keys(manifest.counts).join(', ')
  if (String(document['inLanguage']) !== languages.replaceAll(', ', ','))
    report('croissant.json', `inLanguage is not ${languages}`)
  const distribution = (Array.isArray(document['distribution']) ? (document['distribution'] as Json[]) : []).filter(
    (each) => each['@type'] === 'cr:FileObject',
  )
  const described = new Set(
    distribution.map(
      ({ contentUrl, sha256, contentSize }) => `${String(contentUrl)} ${String(sha256)} ${String(contentSize)}`,
    ),
  )
  const data = manifest.files.filter(({ path }) => path.startsWith('data/'))
  for (const { path, sha256, bytes } of data) {
    if (!described.has(`${path} ${sha256} ${bytes} B`)) report('croissant.json', `does not describe ${path} as it is`)
  }
  if (described.size !== data.length)
    report('croissant.json', `describes ${described.size} files, the data has ${data.length}`)
  return `Croissant 1.1 with RAI, ${data.length} data files`
}

interface FunnelStep {
  step: string
  tags: Record<string, { in: number; kept: number; reasons: Record<string, number> }>
}

/** Every count of the funnel is kept + Σ reasons. */
export async function checkStatistics(folder: FolderReader, report: Report): Promise<string> {
  const { steps } = JSON.parse(await readText(folder, 'stats/funnel.json')) as { steps: FunnelStep[] }
  for (const { step, tags } of steps) {
    for (const [lang, { in: given, kept, reasons }] of Object.entries(tags)) {
      const sum = Object.values(reasons).reduce((total, count) => total + count, kept)
      if (given !== sum) report('stats/funnel.json', `${step}, ${lang}: ${given} in, ${sum} kept or dropped`)
    }
  }
  return `${steps.length} steps, every count kept or with a reason`
}

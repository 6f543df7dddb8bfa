import { InvariantError } from '../../schema/contracts/errors.ts'
import type { FunnelEntry } from '../../schema/contracts/release-manifest.ts'
import { stableJson } from './stable-text.ts'

/**
 * `stats/funnel.json`: `steps`, in the order of the pipeline, each with its counts per language tag.
 * InvariantError FUNNEL_UNBALANCED when a count is not kept + Σ reasons.
 */
export function funnelJson(funnel: readonly FunnelEntry[]): string {
  for (const entry of funnel) {
    const sum = entry.kept + dropped(entry)
    if (entry.in !== sum) {
      throw new InvariantError(
        'FUNNEL_UNBALANCED',
        `funnel of ${entry.step}, ${entry.lang}: ${entry.in} in, ${sum} kept or dropped`,
        { ...entry },
      )
    }
  }
  const steps = stepsOf(funnel).map((step) => {
    const entries = funnel.filter((entry) => entry.step === step)
    const tags = Object.fromEntries(
      entries.map(({ lang, in: given, kept, reasons }) => [lang, { in: given, kept, reasons }]),
    )
    return { step, unit: entries[0]!.unit, tags }
  })
  return stableJson({ steps })
}

/** Steps in the order of their first entry. */
export function stepsOf(funnel: readonly FunnelEntry[]): string[] {
  return [...new Set(funnel.map(({ step }) => step))]
}

const dropped = ({ reasons }: FunnelEntry) => Object.values(reasons).reduce((sum, count) => sum + count, 0)

/** One entry for each step over all tags. */
export function totals(funnel: readonly FunnelEntry[]): FunnelEntry[] {
  return stepsOf(funnel).map((step) => {
    const entries = funnel.filter((entry) => entry.step === step)
    const reasons: Record<string, number> = {}
    for (const entry of entries)
      for (const [reason, count] of Object.entries(entry.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count
    const sum = (field: 'in' | 'kept') => entries.reduce((total, entry) => total + entry[field], 0)
    return { step, unit: entries[0]!.unit, lang: '*', in: sum('in'), kept: sum('kept'), reasons }
  })
}

/** Reasons with their counts, most frequent first. */
export function byCount(reasons: Record<string, number>): [string, number][] {
  return Object.entries(reasons)
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

const WIDTH = 720
const BAR_HEIGHT = 18
const ROW_HEIGHT = 56
const LEFT = 150
const BAR_WIDTH = WIDTH - LEFT - 20
/** Dark text on white, and two fills that differ in lightness too, for readers who do not tell the hues apart. */
const COLOURS = { text: '#1a1a1a', kept: '#0b5394', dropped: '#f1c232' }

/** Picture of the funnel of one language tag: a bar for each step, kept against dropped, with the counts as text. */
export function funnelSvg(lang: string, entries: readonly FunnelEntry[]): string {
  const height = 60 + entries.length * ROW_HEIGHT
  const most = Math.max(1, ...entries.map((entry) => entry.in))
  const title = `Funnel of ${lang}: what each step was given and kept`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="desc">${escape(entries.map((entry) => `${entry.step}: ${summary(entry)}`).join('. '))}</desc>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="28" font-size="16" fill="${COLOURS.text}">${escape(title)}</text>`,
    ...entries.map((entry, n) => bar(entry, 48 + n * ROW_HEIGHT, most)),
    '</svg>\n',
  ].join('\n')
}

function bar(entry: FunnelEntry, top: number, most: number): string {
  const width = (count: number) => Math.round((count / most) * BAR_WIDTH)
  const kept = width(entry.kept)
  const text = (x: number, y: number, content: string, anchor = 'start') =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${COLOURS.text}">${escape(content)}</text>`
  return [
    text(LEFT - 10, top + 13, entry.step, 'end'),
    `<rect x="${LEFT}" y="${top}" width="${width(entry.in)}" height="${BAR_HEIGHT}" fill="${COLOURS.dropped}"/>`,
    `<rect x="${LEFT}" y="${top}" width="${kept}" height="${BAR_HEIGHT}" fill="${COLOURS.kept}"/>`,
    text(LEFT, top + BAR_HEIGHT + 14, summary(entry)),
  ].join('\n')
}

function summary(entry: FunnelEntry): string {
  const reasons = byCount(entry.reasons)
  const shown = reasons.slice(0, 4).map(([reason, count]) => `${reason} ${count}`)
  const rest = reasons.length > 4 ? [`${reasons.length - 4} more reasons`] : []
  const drops = shown.length > 0 ? `; dropped: ${[...shown, ...rest].join(', ')}` : ''
  return `${entry.kept} of ${entry.in} ${entry.unit} kept${drops}`
}

function escape(text: string): string {
  return text.replace(/[<>&"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
}

import { creatorsOf } from './creators.ts'
import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { LanguageCounts } from '../../schema/contracts/release-manifest.ts'
import type { ReleaseFile } from '../../schema/contracts/release-row.ts'
import { releaseColumns, type Column } from './columns.ts'
import { COLUMN_TEXTS } from './column-texts.ts'
import * as texts from './card-texts.ts'
import { frontMatter } from './front-matter.ts'
import { byCount, totals } from './funnel.ts'

/** `README.md`: the dataset card, every line of it from the facts of the release. */
export function card(facts: ReleaseFacts, files: readonly ReleaseFile[]): string {
  const { spec } = facts
  const sections: [string, string[]][] = [
    ['What it is', whatItIs(facts)],
    ['Counts per language', [countsTable(facts.counts)]],
    ['Columns', columnsSection(facts)],
    ['How it was made', howMade(facts)],
    ['Models', models(facts)],
    ['Opt-outs', optOuts(facts)],
    ['Uses', list(texts.USES)],
    ['Limits', list(texts.limitations(facts))],
    ['Biases', list(texts.biases(facts))],
    ['Personal and sensitive information', [texts.PERSONAL_INFORMATION]],
    ['Licence', licence(facts)],
    ['Takedown and contact', takedown(facts)],
    ['Verify', verify(facts)],
    ['Citation', ['```bibtex', texts.citation(facts), '```']],
  ]
  const warning = texts.usesExampleModel(facts) ? [`> **Warning.** ${texts.EXAMPLE_WARNING}`, ''] : []
  const body = sections.flatMap(([heading, lines]) => [`## ${heading}`, '', ...lines, ''])
  return [frontMatter(facts, files), `# ${line(spec.card.title)}`, '', ...warning, ...body].join('\n')
}

/** Markdown table of the counts; it is what verification compares with the data. */
export function countsTable(counts: Record<string, LanguageCounts>): string {
  const rows = Object.entries(counts).map(([lang, { rows: all, know, ling, thick, splits }]) => {
    const bySplit = Object.entries(splits).map(([split, count]) => `${split} ${count}`)
    return [lang, all, know, ling, thick, bySplit.join(', ')]
  })
  const sum = (field: 'rows' | 'know' | 'ling' | 'thick') =>
    Object.values(counts).reduce((total, each) => total + each[field], 0)
  return table(
    ['language', 'samples', 'native text (know)', 'translated caption (ling)', 'grounded caption (thick)', 'splits'],
    [...rows, ['all', sum('rows'), sum('know'), sum('ling'), sum('thick'), '']],
  )
}

function whatItIs(facts: ReleaseFacts): string[] {
  const { spec } = facts
  const base = spec.base ? [`It continues ${spec.base}: splits and survivors of that release were kept.`] : []
  return [
    texts.description(facts),
    '',
    ...list([
      `Dataset \`${spec.dataset}\`, version ${spec.version}, dated ${spec.date}, by ${creatorsOf(spec).map(line).join(', ')}.`,
      ...base,
      'Native text, generated caption, its translation and the grounded caption are separate columns; `in_know`, `in_ling` and `in_thick` say which a sample has.',
      spec.package.images === 'bytes'
        ? 'Pictures are in the files.'
        : 'Pictures are not in the files: `image_url` says where they were, `image_sha256` what they were.',
    ]),
    '',
    '```python',
    'from datasets import load_dataset',
    '',
    `data = load_dataset("path/to/this/folder", "${Object.keys(facts.counts)[0] ?? 'all-languages'}")`,
    '```',
  ]
}

function columnsSection({ scoreNames }: ReleaseFacts): string[] {
  const rows = releaseColumns(scoreNames).map((column) => [
    `\`${column.name}\``,
    typeOf(column),
    COLUMN_TEXTS[column.name] ?? '',
  ])
  return ['Every column is always there; what is absent is null.', '', table(['column', 'type', 'holds'], rows)]
}

function typeOf(column: Column): string {
  switch (column.kind) {
    case 'image':
      return 'image'
    case 'struct':
      return `struct of ${column.fields.map(({ name, kind }) => `${name}: ${kind}`).join(', ')}`
    case 'list':
      return `list of struct of ${column.fields.map(({ name, kind }) => `${name}: ${kind}`).join(', ')}`
    case 'string':
    case 'bool':
    case 'int32':
    case 'double':
      return column.kind
  }
}

function howMade({ steps, funnel, inputs }: ReleaseFacts): string[] {
  const stepRows = steps.map(({ step, kind, rev, sha256, summary }) => [step, kind, summary, rev, short(sha256)])
  const funnelRows = totals(funnel).map(({ step, unit, in: given, kept, reasons }) => [
    step,
    unit,
    given,
    kept,
    reasonList(reasons),
  ])
  return [
    'The steps, in order, with the identity of each definition (in full in `manifest.json`):',
    '',
    table(['step', 'kind', 'does', 'rev', 'definition'], stepRows),
    '',
    'What each step was given and kept, over all languages (per language in `stats/`):',
    '',
    table(['step', 'counts', 'in', 'kept', 'dropped'], funnelRows),
    '',
    'It was made from:',
    '',
    ...list(
      inputs.map(({ kind, name, sha256 }) => `${kind.replaceAll('_', ' ')} ${line(name)} (\`${short(sha256)}\`)`),
    ),
  ]
}

const short = (sha256: string) => sha256.slice(0, 12)
const reasonList = (reasons: Record<string, number>) =>
  byCount(reasons)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ')

function models(facts: ReleaseFacts): string[] {
  const calls = texts.modelCalls(facts)
  if (calls.length === 0) return ['No model wrote text of this release.']
  const rows = calls.map(({ task, call, lang }) => [
    lang ? `${task} (${lang})` : task,
    call.provider,
    [call.model, call.pair].filter(Boolean).join(' '),
    call.revision,
    call.prompt,
  ])
  const note = 'Requests and responses are recorded; rebuilding the release replays them.'
  const warning = texts.usesExampleModel(facts) ? ['', texts.EXAMPLE_WARNING] : []
  return [table(['task', 'provider', 'model', 'revision', 'prompt'], rows), '', note, ...warning]
}

function optOuts(facts: ReleaseFacts): string[] {
  const signals = texts.honoured(facts)
  const count = (reason: string) =>
    totals(facts.funnel).reduce((most, { reasons }) => Math.max(most, reasons[reason] ?? 0), 0)
  const dropped = ['opted_out', 'robots_disallowed', 'taken_down']
    .filter((reason) => count(reason) > 0)
    .map((reason) => `${reason} ${count(reason)}`)
  return [
    ...(signals.length > 0
      ? ['The crawl honoured:', '', ...list(signals)]
      : ['The crawls behind this release decided what to honour; `rights` keeps the verdict for each picture.']),
    '',
    dropped.length > 0
      ? `Left out for such a reason: ${dropped.join(', ')}.`
      : 'Nothing was left out for such a reason.',
    '',
    'The strictest verdict over all places where a picture was found holds for it.',
  ]
}

function licence({ spec }: ReleaseFacts): string[] {
  return [
    `The compilation is released under: ${line(spec.card.licence)}.`,
    '',
    'Pictures and native texts stay the property of their authors. `licence` holds what was found with a picture: evidence to follow up, not a grant.',
  ]
}

function takedown({ spec, removals }: ReleaseFacts): string[] {
  return [
    `To have a sample, picture, page or site removed, write to ${line(spec.card.contact)} and name it by \`key\` or address.`,
    '',
    removals > 0
      ? `\`removals.parquet\` lists the ${removals} keys removed so far, so that older copies can be cleaned.`
      : '`removals.parquet` lists removed keys, so that older copies can be cleaned; it is empty so far.',
  ]
}

function verify({ tree }: ReleaseFacts): string[] {
  return [
    `Merkle root over ${tree.size} rows: \`${tree.root}\` (RFC 6962). \`manifest.json\` lists every file with its SHA-256; \`manifest.sig\` signs root and manifest.`,
    '',
    '```',
    './mella release verify path/to/this/folder --key VERIFIER_KEY',
    '```',
  ]
}

function list(lines: readonly string[]): string[] {
  return lines.map((each) => `- ${each}`)
}

function table(head: string[], rows: (string | number)[][]): string {
  const cells = (row: (string | number)[]) =>
    `| ${row.map((cell) => line(String(cell)).replaceAll('|', '\\|')).join(' | ')} |`
  return [cells(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(cells)].join('\n')
}

/** Text that stands inside one line of Markdown. */
function line(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

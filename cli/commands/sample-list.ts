import { readRows } from '../../activities/package/row-artifact.ts'
import { type BoundRow, rowLeaf } from '../../activities/package/leaf.ts'
import { candidateLine, type CandidateLine, needsExtract } from '../../activities/trace/candidate-line.ts'
import { openStore } from '../../infra/open-store.ts'
import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { listCandidates } from '../../schema/queries/list-candidates.ts'
import { artifactsBetween } from '../../schema/queries/release-files.ts'
import type { ReleaseRecord } from '../../schema/queries/releases.ts'
import type { Command, CommandContext } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { requireRelease } from '../jobs/find-release.ts'
import { runOf } from '../jobs/release-run.ts'

export const sampleListCommand: Command = {
  name: 'sample list',
  summary: 'the samples of a release, or with --all every candidate of it with texts, languages and reasons',
  args: ['RELEASE'],
  options: {
    lang: { type: 'string', value: 'TAG', what: 'only this language, a tag of the spec (with --all also und)' },
    all: { type: 'boolean', what: 'every candidate that the pages hold, kept or dropped, with the reasons' },
  },
  json: true,
  example: './mella sample list demo@1.0.0 --lang vi --json',
  run: async (context) => {
    const { options, out } = context
    await using session = await connect(context, 'auditor')
    const release = await requireRelease(session, context.args[0] ?? '')
    const lang = typeof options['lang'] === 'string' ? options['lang'] : null
    const all = options['all'] === true
    requireTag(release, lang, all)
    const { run, finished } = await runOf(session, release)
    if (!finished) out.say(`release ${release.id}: is ${release.state}; this is what its run has so far`)
    await (all ? printCandidates(context, session, release, run, lang) : printRows(context, session, run, lang))
    return EXIT.ok
  },
}

function requireTag(release: ReleaseRecord, lang: string | null, all: boolean): void {
  const tags = [...release.spec.languages, ...(all ? ['und'] : [])]
  if (lang === null || tags.includes(lang)) return
  // Candidates carry tags of other languages, too; a release has those of its spec alone.
  throw new PermanentError('LANGUAGE_NOT_FOUND', `language ${lang}: release ${release.id} has ${tags.join(', ')}`, {
    mend: `./mella sample list ${release.id} --lang ${tags[0] ?? ''}`,
  })
}

/** Released rows in the order of keys, one stored shard of rows in memory at a time. */
async function printRows(context: CommandContext, session: Session, run: string, lang: string | null): Promise<void> {
  const { out, json } = context
  const artifacts = await artifactsBetween(session.db, run, null, null)
  for await (const { row } of readRows(openStore(session.settings), artifacts)) {
    if (lang !== null && row.lang !== lang) continue
    if (json) out.ndjson({ ...row, leaf: rowLeaf(row).toString('hex') })
    else out.line(rowLine(row))
  }
}

function rowLine(row: BoundRow): string {
  const subsets = [row.in_know && 'know', row.in_ling && 'ling', row.in_thick && 'thick'].filter(Boolean).join(',')
  return [row.key, row.lang, row.split, subsets, oneLine(row.alt_text ?? row.caption_ling ?? '')].join('  ')
}

async function printCandidates(
  context: CommandContext,
  session: Session,
  release: ReleaseRecord,
  run: string,
  lang: string | null,
): Promise<void> {
  const { out, json } = context
  const extractDef = release.plan.definitions['extract']?.def_id ?? 0
  for await (const rows of listCandidates(session.db, run, { tag: lang ?? undefined })) {
    const pages = rows.filter(needsExtract).map((row) => row.extract_input)
    const extracts = await selectFacts<ExtractFact>(session.db, 'fact_text', extractDef, pages)
    for (const row of rows) {
      const line = candidateLine(row, extracts.get(row.extract_input.toString('hex')))
      if (json) out.ndjson(line)
      else out.line(humanLine(line))
    }
  }
}

function humanLine(line: CandidateLine): string {
  const outcome = line.released ? 'released' : (line.reason ?? line.sample_reason ?? 'kept so far')
  const texts = line.texts.map(
    ({ text, source, reason }) => `${source}${reason ? ` (${reason})` : ''}: ${oneLine(text)}`,
  )
  return [line.lang ?? '', outcome, line.image_url ?? line.picture ?? '', line.page_url ?? '', ...texts].join('  ')
}

function oneLine(text: string): string {
  return text.replaceAll(/[\t\n]/g, ' ')
}

import type { Kysely } from 'kysely'
import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact, TextFact } from '../../schema/contracts/facts.ts'
import { InvariantError } from '../../schema/contracts/errors.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { type CandidateRow, candidatesOfShard, insertCandidateVerdicts } from '../../schema/queries/candidate-facts.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { frequenciesOf, languagesOfHosts, pagesOfHosts } from '../../schema/queries/frequency.ts'
import { pagesOfShard, type RunPage } from '../../schema/queries/run-lists.ts'
import { resolveLanguage } from '../../schema/spec/language-plan.ts'
import type { Database } from '../../schema/tables/database.ts'
import { finishJudgement } from '../steps/finish-judgement.ts'
import { type ShardContext, shardEdge, type StepDeps } from '../steps/shard-edge.ts'
import { type CandidateInput, type CandidateRules, judgeCandidate } from './judge-candidate.ts'

export type JudgeCandidatesActivities = ReturnType<typeof createJudgeCandidatesActivities>

export function createJudgeCandidatesActivities(deps: StepDeps) {
  /** Judges the candidates of a shard of pages. Safe to run twice. */
  const judgeCandidatesShard = (input: ShardInput): Promise<ShardResult> =>
    shardEdge(deps, input, 'judge-candidates', async (context) => {
      const { spec } = context.release
      const inputs = await readCandidateInputs(deps.db, { ...context, run: context.run.run })
      const rules = candidateRules(spec)
      const verdicts = inputs.map(({ row, input: candidate }) => ({
        ...judgeCandidate(candidate, rules),
        page_no: row.page_no,
        position: row.position,
        picture: row.picture,
      }))
      await insertCandidateVerdicts(deps.db, context.run.run, verdicts)
      const read = inputs.map(({ row, input: candidate }) => ({ ...candidate, picture: row.picture }))
      await finishJudgement(deps, context, {
        step: 'judge-candidates',
        shard: context.shard,
        read,
        verdicts,
        inputs: verdicts.length,
      })
      return true
    })
  return { judgeCandidatesShard }
}

/** The limits of a spec that candidates are judged by. */
export function candidateRules(spec: ReleaseSpec): CandidateRules {
  return {
    languages: spec.languages,
    filters: spec.filters,
    filtersOf: (tag: string) => resolveLanguage(spec, tag).filters,
  }
}

/** All that judging the candidates of a run's pages reads, page numbers `from` to before `to`. Throws FACT_MISSING. */
export async function readCandidateInputs(
  db: Kysely<Database>,
  context: Pick<ShardContext, 'defId' | 'from' | 'to'> & { run: string },
): Promise<{ row: CandidateRow; input: CandidateInput }[]> {
  const { run } = context
  const pages = new Map((await pagesOfShard(db, run, context.from, context.to)).map((page) => [page.page_no, page]))
  const rows = await candidatesOfShard(db, run, context.from, context.to)
  const pageInputs = [...pages.values()].map((page) => page.extract_input)
  const extracts = await selectFacts<ExtractFact>(db, 'fact_text', context.defId('extract'), pageInputs)
  const languages = await selectFacts<PageLanguageFact>(db, 'fact', context.defId('page-language'), pageInputs)
  const textShas = unique(rows.flatMap((row) => row.text_shas))
  const texts = await selectFacts<TextFact>(db, 'fact_text', context.defId('text'), textShas)
  const hosts = [...new Set(rows.map((row) => row.host))]
  const hostLanguages = await languagesOfHosts(db, run, hosts)
  const hostPages = await pagesOfHosts(db, run, hosts)
  const frequencies = new Map<string, Awaited<ReturnType<typeof frequenciesOf>>>()
  for (const host of hosts) frequencies.set(host, await frequenciesOf(db, run, host, textShas))
  return rows.map((row) => {
    const page = pages.get(row.page_no) as RunPage
    const extract = extracts.get(page.extract_input.toString('hex'))
    const language = languages.get(page.extract_input.toString('hex'))
    const candidate = extract?.ok ? extract.candidates.find((one) => one.position === row.position) : undefined
    if (!extract?.ok || !candidate || !language)
      throw new InvariantError('FACT_MISSING', `page ${row.page_no} of run ${run} has candidates without their facts`)
    const ofHost = frequencies.get(row.host)
    return {
      row,
      input: {
        candidate,
        fetchReason: row.fetch_reason,
        pageReserved: page.reserved,
        texts: row.text_shas.map((sha) => texts.get(sha.toString('hex')) as TextFact),
        page: language,
        declaredPage: extract.lang,
        declaredSeed: page.declared,
        frequencies: row.text_shas.map((sha) => ofHost?.get(sha.toString('hex')) ?? null),
        hostPages: hostPages.get(row.host) ?? 0,
        host: hostLanguages.get(row.host) ?? [],
      },
    }
  })
}

function unique(shas: readonly Buffer[]): Buffer[] {
  return [...new Map(shas.map((sha) => [sha.toString('hex'), sha])).values()]
}

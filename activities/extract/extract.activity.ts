import type { Candidate, ExtractFact, PageInput } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact, TextFact } from '../../schema/contracts/facts.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { type NewCandidate, insertCandidates } from '../../schema/queries/candidates.ts'
import { pagesOfShard, picturesOfUrls, type RunPage } from '../../schema/queries/run-lists.ts'
import { textLanguages } from '../pipeline.ts'
import { runFacts } from '../steps/run-facts.ts'
import { factBase, finishFacts, type ShardContext, shardEdge, type StepDeps } from '../steps/shard-edge.ts'
import { sha256 } from '../digest.ts'
import type { PageExtraction } from './extract-page.ts'

export interface ExtractDeps extends StepDeps {
  /** Body of a page capture, content coding undone. */
  readBody(place: { sha: Buffer; offset: number; length: number }): Promise<Buffer>
  /** `extractPage` where it can be stopped. */
  extract(input: PageInput): Promise<PageExtraction | { ok: false; reason: 'kills_worker' }>
  describePage(text: string, declared: string | null): PageLanguageFact
  describeText(text: string, languages: readonly string[]): TextFact
}

export type ExtractActivities = ReturnType<typeof createExtractActivities>

/** Pages parsed at a time: parsing holds the event loop, reading does not. */
const READS = 4

/** A shard's texts are numbered by themselves: a page has many, and one of them may end its worker. */
const MAX_TEXTS_OF_SHARD = 1_000_000

const UNKNOWN_LANGUAGE: PageLanguageFact = {
  eld: { lang: 'und', score: 0 },
  cld3: { lang: 'und', score: 0 },
  scripts: [],
  letters: 0,
  declared: null,
  shares: [],
  evidence: 0,
}

/** Facts of pages and of the texts on them, which share an activity because each is cheap; then the run's candidates. */
export function createExtractActivities(deps: ExtractDeps) {
  /** Safe to run twice: facts and candidates are stored once under their keys. */
  const extractShard = (input: ShardInput): Promise<ShardResult> =>
    shardEdge(deps, input, null, async (context) => {
      const pages = await pagesOfShard(deps.db, context.run.run, context.from, context.to)
      if (!(await pageFacts(deps, context, pages))) return false
      const extracts = await selectFacts<ExtractFact>(
        deps.db,
        'fact_text',
        context.defId('extract'),
        pages.map((page) => page.extract_input),
      )
      if (!(await textFacts(deps, context, pages, extracts))) return false
      await insertCandidates(deps.db, context.run.run, await candidatesOf(deps, context, pages, extracts))
      await finish(deps, context, pages, extracts)
      return true
    })
  return { extractShard }
}

async function pageFacts(deps: ExtractDeps, context: ShardContext, pages: RunPage[]): Promise<boolean> {
  const read = pageReader(deps)
  const inputs = pages.map((page) => ({ no: page.page_no, digest: page.extract_input, input: page }))
  const common = { ...factBase(deps, context), concurrency: READS }
  const extracted = await runFacts<RunPage, ExtractFact>(
    {
      ...common,
      step: 'extract',
      defId: context.defId('extract'),
      table: 'fact_text',
      compute: async (page) => {
        const found = await read(page)
        return found.ok
          ? { ok: true, title: found.page.title, lang: found.page.lang, candidates: found.page.candidates }
          : found
      },
      poisoned: () => ({ ok: false, reason: 'kills_worker' }),
    },
    inputs,
  )
  if (!extracted) return false
  return runFacts<RunPage, PageLanguageFact>(
    {
      ...common,
      step: 'page-language',
      defId: context.defId('page-language'),
      table: 'fact',
      compute: async (page) => {
        const found = await read(page)
        return found.ok ? deps.describePage(found.page.text, found.page.lang) : UNKNOWN_LANGUAGE
      },
      poisoned: () => UNKNOWN_LANGUAGE,
    },
    inputs,
  )
}

/** Reads and parses a page once for both of its facts, keeping the last few. */
function pageReader(deps: ExtractDeps) {
  const recent = new Map<number, ReturnType<ExtractDeps['extract']>>()
  const KEEP = 64
  return (page: RunPage) => {
    const known = recent.get(page.page_no)
    if (known) return known
    const found = deps
      .readBody({ sha: page.warc_sha, offset: page.warc_offset, length: page.warc_length })
      .then((body) =>
        deps.extract({ url: page.url, body, contentType: page.media_type, contentLanguage: page.content_language }),
      )
    recent.set(page.page_no, found)
    const oldest = recent.keys().next().value
    if (recent.size > KEEP && oldest !== undefined) recent.delete(oldest)
    return found
  }
}

async function textFacts(
  deps: ExtractDeps,
  context: ShardContext,
  pages: RunPage[],
  extracts: Map<string, ExtractFact>,
): Promise<boolean> {
  const texts = new Set(pages.flatMap((page) => textsOf(extracts, page)))
  const first = context.shard * MAX_TEXTS_OF_SHARD
  const inputs = [...texts].map((text, position) => ({ no: first + position, digest: sha256(text), input: text }))
  const languages = textLanguages(context.release.spec)
  return runFacts<string, TextFact>(
    {
      ...factBase(deps, context),
      concurrency: 1,
      step: 'text',
      defId: context.defId('text'),
      table: 'fact_text',
      compute: async (text) => deps.describeText(text, languages),
      poisoned: () => ({ ...deps.describeText('', languages), type: 'other' }),
    },
    inputs,
  )
}

function candidatesOfPage(extracts: Map<string, ExtractFact>, page: RunPage): Candidate[] {
  const extract = extracts.get(page.extract_input.toString('hex'))
  return extract?.ok ? extract.candidates : []
}

function textsOf(extracts: Map<string, ExtractFact>, page: RunPage): string[] {
  return candidatesOfPage(extracts, page).flatMap((candidate) => candidate.texts.map((one) => one.text))
}

async function candidatesOf(
  deps: ExtractDeps,
  context: ShardContext,
  pages: RunPage[],
  extracts: Map<string, ExtractFact>,
): Promise<NewCandidate[]> {
  const found = pages.flatMap((page) =>
    candidatesOfPage(extracts, page).map((candidate) => ({ page, candidate, urlSha: sha256(candidate.image_url) })),
  )
  const crawlNos = context.release.plan.crawls.map((crawl) => crawl.crawl_no)
  const outcomes = await picturesOfUrls(deps.db, crawlNos, [
    ...new Map(found.map((one) => [one.urlSha.toString('hex'), one.urlSha])).values(),
  ])
  return found.map(({ page, candidate, urlSha }) => {
    const outcome = outcomes.get(urlSha.toString('hex'))
    return {
      page_no: page.page_no,
      position: candidate.position,
      image_url_sha: urlSha,
      image_url: candidate.image_url,
      picture: outcome?.picture ?? null,
      capture_id: outcome?.capture_id ?? null,
      fetch_reason: outcome ? outcome.reason : 'not_fetched',
      host: new URL(page.url).host,
      text_shas: candidate.texts.map((one) => sha256(one.text)),
    }
  })
}

async function finish(
  deps: ExtractDeps,
  context: ShardContext,
  pages: RunPage[],
  extracts: Map<string, ExtractFact>,
): Promise<void> {
  const inputs = pages.map((page) => page.extract_input)
  const texts = [...new Set(pages.flatMap((page) => textsOf(extracts, page)))].map((text) => sha256(text))
  await finishFacts(deps, context, 'extract', 'fact_text', inputs)
  await finishFacts(deps, context, 'page-language', 'fact', inputs)
  await finishFacts(deps, context, 'text', 'fact_text', texts)
}

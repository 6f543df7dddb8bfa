/**
 * Peer of bench/durability.ts: what mella does to a page (robots.txt, fetch, extraction in threads, opt-outs, WARC
 * segments in the store) as one loop in one process, without Temporal, shards, leases or claims. Its frontier is a list
 * in memory: a killed loop begins again.
 *   node bench/peers/bare-loop.ts SEEDS(JSON) files|rows PER_HOST
 * `files`: captures and facts go into a file of lines, no database is asked. `rows`: they and what was found go into
 * Postgres by the product's own statements, a transaction for each segment; its services run already.
 */
import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import type { CaptureDraft, UrlResult } from '../../activities/crawl/batch.ts'
import { BATCH_BYTES, BATCH_RECORDS } from '../../activities/crawl/batch.ts'
import { storeBytes } from '../../activities/crawl/commit-batch.ts'
import { type InterpretDeps, interpretFailure, interpretResponse } from '../../activities/crawl/interpret.ts'
import { planSites } from '../../activities/crawl/plan-crawl.ts'
import { productToken } from '../../activities/crawl/robots.ts'
import { RobotsGate } from '../../activities/crawl/robots-gate.ts'
import { UrlBook } from '../../activities/crawl/url-book.ts'
import { digestJson } from '../../activities/digest.ts'
import { loadConfig } from '../../infra/config.ts'
import { migrateToLatest } from '../../infra/migrate.ts'
import { startServices } from '../../infra/services/services.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { insertCaptures, insertFacts } from '../../schema/queries/captures.ts'
import { createOrJoinCrawl, getCrawl } from '../../schema/queries/crawls.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import { type FoundUrl, type FrontierRow, insertFound, writeOutcomes } from '../../schema/queries/frontier.ts'
import { CRAWL_DEFAULTS } from '../../schema/spec/spec-defaults.ts'
import { crawlDeps } from '../../workers/roles/crawl-deps.ts'
import { openRuntime } from '../../workers/runtime.ts'

const [seeds = '[]', mode = 'files', perHost = '4'] = process.argv.slice(2)
const section: CrawlSection = {
  ...CRAWL_DEFAULTS,
  scope: 'host',
  seeds: { und: JSON.parse(seeds) as string[] },
  politeness: {
    ...CRAWL_DEFAULTS.politeness,
    delay_ms: 0,
    user_agent: 'mella-bench/1.0 (+mailto:bench@example.org)',
  },
}
const settings = loadConfig({ env: process.env, flags: {}, cwd: process.cwd() })
const services =
  mode === 'rows'
    ? await startServices(settings, () => {})
    : { databaseUrl: 'postgres://nobody@127.0.0.1:1/none', temporalAddress: '' }
await using runtime = await openRuntime(settings, services, 2)
runtime.pages.start()
const deps = crawlDeps(runtime)
const urls = new UrlBook({ shards: 1, scope: section.scope })
const place = (url: string, base?: string) => urls.place(url, base)
const token = productToken(section.politeness.user_agent)
const { sites } = planSites(section)
const scopes = new Map(sites.map((site, index) => [index + 1, site.scopeKey]))
const interpret: InterpretDeps = {
  ...deps,
  section,
  token,
  place,
  link: (url, base) => urls.link(url, base),
  inScope: (siteNo, url) => scopes.get(siteNo) === urls.siteOf(url),
}
const fetchUrl = (url: string) =>
  deps.fetchOnce({
    url,
    userAgent: section.politeness.user_agent,
    maxBodyBytes: section.limits.max_body_mib * 1024 * 1024,
    deadlineMs: section.limits.seconds_per_page * 1000,
    maxRatio: 200,
    signal: new AbortController().signal,
    headers: [],
  })
const robots: CaptureDraft[] = []
const gate = new RobotsGate({
  fetch: fetchUrl,
  load: () => Promise.resolve(null),
  place,
  record: (result) => robots.push(...result.drafts),
  turn: () => Promise.resolve(),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  token,
})
const save = mode === 'rows' ? await rowsOf() : filesOf()

const seen = new Set<string>()
const queues = new Map<string, FrontierRow[]>()
for (const [index, { seeds: own }] of sites.entries())
  for (const seed of own) enqueue({ ...seed, siteNo: index + 1, depth: 0 })
let batch: UrlResult[] = []
let bytes = 0
let saving = Promise.resolve()
await Promise.all([...queues.keys()].flatMap((host) => Array.from({ length: Number(perHost) }, () => follow(host))))
await saving
await saveBatch()

/** One of a host's requests at a time, until its list is empty and stays so for a while. */
async function follow(host: string): Promise<void> {
  for (let idle = 0; idle < 100;) {
    const row = queues.get(host)?.shift()
    if (!row) {
      idle += 1
      await new Promise((resolve) => void setTimeout(resolve, 10))
      continue
    }
    idle = 0
    const answer = await gate.ask(row.url)
    if (!answer.allowed) continue
    const response = await fetchUrl(row.url)
    const result =
      response.kind === 'failure'
        ? interpretFailure(interpret, row, response)
        : await interpretResponse(interpret, row, response, answer.signals)
    for (const found of result.found) if (found.kind === 'page') enqueue(found)
    batch.push(result)
    bytes += result.draft?.record?.rawBody.length ?? 0
    if (batch.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) saving = saving.then(saveBatch)
  }
}

function enqueue({ url, sha, host, siteNo, depth }: Pick<FoundUrl, 'url' | 'sha' | 'host' | 'siteNo' | 'depth'>): void {
  if (seen.has(url)) return
  seen.add(url)
  const row: FrontierRow = {
    url_sha: sha,
    url,
    host,
    site_no: siteNo,
    page: true,
    picture: false,
    sitemap: false,
    depth,
    redirects: 0,
    attempts: 0,
    seed: depth === 0,
    declared: null,
    first_tried: null,
  }
  const queue = queues.get(host)
  if (queue) queue.push(row)
  else queues.set(host, [row])
}

async function saveBatch(): Promise<void> {
  const results = batch
  batch = []
  bytes = 0
  if (results.length > 0) await save(results)
}

/** A line for each capture beside the store. */
function filesOf(): (results: UrlResult[]) => Promise<void> {
  const file = path.join(settings.home, 'captures.jsonl')
  return async (results) => {
    const drafts = [...robots.splice(0), ...results.flatMap(({ draft }) => (draft ? [draft] : []))]
    const places = await storeBytes(deps, drafts)
    const lines = drafts.map((draft) =>
      JSON.stringify({
        url: draft.url,
        status: draft.capture.status,
        warc: places.get(draft),
        facts: draft.facts?.extract,
      }),
    )
    await appendFile(file, `${lines.join('\n')}\n`)
  }
}

/** The rows that mella writes of a page and of what it leads to. */
async function rowsOf(): Promise<(results: UrlResult[]) => Promise<void>> {
  await migrateToLatest(services.databaseUrl)
  const sectionSha = digestJson(section)
  const { id } = await createOrJoinCrawl(deps.db, {
    dataset: 'bare',
    section,
    sectionSha,
    shards: 1,
    sites,
    again: true,
  })
  const crawlNo = (await getCrawl(deps.db, id))?.crawl_no as number
  const extractDef = await ensureDefinition(deps.db, deps.definitions.extract, deps.commitId)
  const known = new Set<string>()
  return async (results) => {
    const drafts = [...robots.splice(0), ...results.flatMap(({ draft }) => (draft ? [draft] : []))]
    const places = await storeBytes(deps, drafts)
    const found = results
      .flatMap((one) => one.found)
      .map((one) => (one.kind === 'picture' ? { ...one, refusal: gate.refusal(one.url) } : one))
      .filter(({ kind, url }) => !known.has(kind + url) && known.add(kind + url))
    await deps.db.transaction().execute(async (tx) => {
      const captures = drafts.map((draft) => ({ ...draft.capture, warc: places.get(draft) ?? null, revisit: null }))
      const ids = await insertCaptures(tx, crawlNo, captures)
      const idOf = new Map(drafts.map((draft, index) => [draft, ids[index] ?? null]))
      const facts = drafts.flatMap((draft) => (draft.facts ? [draft.facts] : []))
      const rows = facts.map((one) => ({ input: one.input, value: one.extract }))
      await insertFacts(tx, 'fact_text', extractDef, '0', rows)
      await insertFound(tx, crawlNo, found)
      await writeOutcomes(
        tx,
        crawlNo,
        results.map(({ outcome, draft }) => ({ ...outcome, captureId: draft ? (idOf.get(draft) ?? null) : null })),
      )
    })
  }
}

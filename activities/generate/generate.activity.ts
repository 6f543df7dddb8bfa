import type { ModelClient } from '../../infra/models/model-client.ts'
import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { NormaliseFact, TextFact } from '../../schema/contracts/facts.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import type { ModelCall } from '../../schema/contracts/spec.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import {
  type GeneratedText,
  generatedOf,
  generatedTexts,
  insertGenerations,
  type KeptSample,
  keptOfShard,
  membersOf,
  type NativeMember,
  type NewGeneration,
} from '../../schema/queries/generations.ts'
import { clearFlight, finishShard, startFlight } from '../../schema/queries/in-flight.ts'
import { countGenerated } from '../../schema/queries/facts.ts'
import { resolveLanguage } from '../../schema/spec/language-plan.ts'
import type { GenerationTask } from '../../schema/tables/release.table.ts'
import { mapLimited } from '../steps/run-facts.ts'
import { type ShardContext, shardEdge, type StepDeps } from '../steps/shard-edge.ts'
import { digestJson } from '../digest.ts'
import { buildCaptionRequest, parseCaptionResponse } from './caption.ts'
import { checkCaption } from './check-caption.ts'
import { checkTranslation, withoutMarks } from './check-translation.ts'
import { generationRecord } from './generation-record.ts'
import { groundThick } from './ground-thick.ts'
import { thickSources } from './native-texts.ts'
import type { PromptLibrary } from './prompts.ts'
import { type GenerationDeps, runGeneration } from './run-generation.ts'
import { buildThickRequest, parseThickResponse, type ThickSources } from './thick.ts'
import { buildTranslateRequest, parseTranslateResponse } from './translate.ts'

export interface GenerateDeps extends StepDeps {
  prompts: PromptLibrary
  /** The client of a call's service; one per service and process. */
  clientOf(task: GenerationTask, call: ModelCall): ModelClient
  describeText(text: string, languages: readonly string[]): Promise<TextFact>
  /** Simultaneous generations of one shard; the client's own limit holds over all shards. */
  concurrency: number
}

/** Samples generated and committed at a time: what a kill can cost in repeated calls. */
const CHUNK = 25

export type GenerateActivities = ReturnType<typeof createGenerateActivities>

interface Job {
  sample: KeptSample
  call: ModelCall
  earlier: Map<GenerationTask, GeneratedText>
  normalise: Extract<NormaliseFact, { ok: true }>
  /** Of the released picture. */
  mediaType: string
  members: NativeMember[]
  sources: ThickSources | null
}

interface Outcome {
  requests: string[]
  reason: string | null
  text: string
  detail: unknown
}

/** The three generations of a sample, each over a shard of kept samples and recorded call by call. */
export function createGenerateActivities(deps: GenerateDeps) {
  const task =
    (name: GenerationTask, generate: (record: GenerationDeps, job: Job) => Promise<Outcome>) =>
    (input: ShardInput): Promise<ShardResult> =>
      shardEdge(deps, input, null, (context) => generateShard(deps, context, name, generate))
  const described = (text: string, tags: readonly string[]) =>
    deps.describeText(
      text,
      tags.map((tag) => tag.split('-')[0] ?? tag),
    )

  /** Describes pictures in the pivot language. Safe to run twice: a recorded request is not sent again. */
  const captionShard = task('caption', async (record, job) => {
    const image = { sha256: job.normalise.released.sha256, media_type: job.mediaType }
    const { parsed, requests } = await runGeneration(
      record,
      buildCaptionRequest(image, job.call, deps.prompts),
      parseCaptionResponse,
    )
    if (!parsed.ok) return failed(requests, parsed)
    const { caption } = parsed.value
    const reasons = checkCaption(caption, job.call.pivot, await described(caption, [job.call.pivot]))
    return { requests, reason: reasons[0] ?? null, text: caption, detail: parsed.value }
  })

  /** Translates accepted captions and checks the translations. Safe to run twice. */
  const translateShard = task('translate', async (record, job) => {
    const source = job.earlier.get('caption')?.text ?? ''
    const built = buildTranslateRequest(source, job.sample.tag, job.call, deps.prompts)
    const { parsed, requests } = await runGeneration(record, built, (raw) =>
      parseTranslateResponse(raw, job.call.provider),
    )
    if (!parsed.ok) return failed(requests, parsed)
    const { translation } = parsed.value
    const text = withoutMarks(translation, source)
    const reasons = checkTranslation({
      source,
      pivot: job.call.pivot,
      translation,
      target: job.sample.tag,
      fact: await described(text, [job.sample.tag, job.call.pivot]),
    })
    // What is dropped is shown as it came.
    return {
      requests,
      reason: reasons[0] ?? null,
      text: reasons.length === 0 ? text : translation,
      detail: { reasons },
    }
  })

  /** Writes thick captions and takes out what no evidence holds. Safe to run twice. */
  const thickShard = task('thick', async (record, job) => {
    const sources = job.sources as ThickSources
    const pivot = accepted(job.earlier.get('caption'))
    const ling = accepted(job.earlier.get('translate'))
    const built = buildThickRequest({ ...sources, pivot, ling }, job.sample.tag, job.call, deps.prompts)
    const { parsed, requests } = await runGeneration(record, built, parseThickResponse)
    if (!parsed.ok) return failed(requests, parsed)
    const ground = groundThick(parsed.value, sources, ling, job.sample.tag)
    if (!ground.ok) return { requests, reason: ground.reason, text: '', detail: { problem: ground.problem } }
    const reasons = checkCaption(ground.caption, job.sample.tag, await described(ground.caption, [job.sample.tag]))
    const detail = { entities: ground.entities, removed: ground.removed, reasons }
    return { requests, reason: reasons[0] ?? null, text: ground.caption, detail }
  })

  return { captionShard, translateShard, thickShard }
}

function accepted(generated: GeneratedText | undefined): string | null {
  return generated && generated.reason === null ? generated.text : null
}

function failed(requests: string[], parsed: { reason: string; problem: string }): Outcome {
  return { requests, reason: parsed.reason, text: '', detail: { problem: parsed.problem } }
}

async function generateShard(
  deps: GenerateDeps,
  context: ShardContext,
  task: GenerationTask,
  generate: (record: GenerationDeps, job: Job) => Promise<Outcome>,
): Promise<boolean> {
  const { run } = context.run
  const samples = await keptOfShard(deps.db, run, context.from, context.to)
  const done = await generatedOf(
    deps.db,
    run,
    task,
    samples.map((one) => one.sample_no),
  )
  const jobs = (await prepare(deps, context, task, samples)).filter((job) => !done.has(job.sample.sample_no))
  for (let start = 0; start < jobs.length; start += CHUNK) {
    if (await context.shouldStop()) return false
    const chunk = jobs.slice(start, start + CHUNK)
    const flight = {
      run,
      step: task,
      first_no: chunk[0]?.sample.kept_no ?? 0,
      last_no: chunk.at(-1)?.sample.kept_no ?? 0,
    }
    await startFlight(deps.db, flight, 1, deps.worker)
    const rows = await mapLimited(chunk, deps.concurrency, (job) => generateOne(deps, context, task, job, generate))
    await insertGenerations(deps.db, run, rows)
    await clearFlight(deps.db, flight)
  }
  const computed = await countGenerated(
    deps.db,
    run,
    context.defId(task),
    task,
    samples.map((one) => one.sample_no),
  )
  const all = await generatedOf(
    deps.db,
    run,
    task,
    samples.map((one) => one.sample_no),
  )
  await finishShard(deps.db, { run, step: task, shard: context.shard, inputs: all.size, computed })
  return true
}

async function generateOne(
  deps: GenerateDeps,
  context: ShardContext,
  task: GenerationTask,
  job: Job,
  generate: (record: GenerationDeps, job: Job) => Promise<Outcome>,
): Promise<NewGeneration> {
  const { sha256 } = job.normalise.released
  const record = generationRecord({
    db: deps.db,
    store: deps.store,
    client: deps.clientOf(task, job.call),
    defId: context.defId(task),
    run: context.run.run,
    replayOnly: context.run.again,
    images: async () => (task === 'caption' ? imageOf(deps, job) : new Map()),
    signal: context.edge.signal,
    sleep: context.edge.sleep,
  })
  const outcome = await generate(record, job)
  return {
    sample_no: job.sample.sample_no,
    task,
    requests: outcome.requests.map((request) => Buffer.from(request, 'hex')),
    reason: outcome.reason,
    text: outcome.text,
    detail: outcome.detail,
    outcome: digestJson({
      sha256: task === 'caption' ? sha256 : null,
      reason: outcome.reason,
      text: outcome.text,
      detail: outcome.detail,
    }),
  }
}

async function imageOf(deps: GenerateDeps, job: Job): Promise<Map<string, Uint8Array>> {
  const { sha256 } = job.normalise.released
  return new Map([[sha256, await deps.store.get(Buffer.from(sha256, 'hex'))]])
}

/** Jobs of a task: samples whose language has it on, whose earlier texts it needs are there. */
async function prepare(
  deps: GenerateDeps,
  context: ShardContext,
  task: GenerationTask,
  samples: KeptSample[],
): Promise<Job[]> {
  const { run } = context.run
  const mediaType = `image/${context.release.spec.image.format}`
  const numbers = samples.map((one) => one.sample_no)
  const facts = await selectFacts<NormaliseFact>(
    deps.db,
    'fact',
    context.defId('normalise'),
    samples.map((one) => one.picture),
  )
  const texts = await generatedTexts(deps.db, run, numbers)
  const members = task === 'thick' ? await membersOf(deps.db, run, numbers) : []
  const extracts = await selectFacts<ExtractFact>(
    deps.db,
    'fact_text',
    context.defId('extract'),
    members.map((one) => one.extract_input),
  )
  return samples.flatMap((sample) => {
    const call = resolveLanguage(context.release.spec, sample.tag)[task]
    const normalise = facts.get(sample.picture.toString('hex'))
    if (!call || !normalise?.ok) return []
    const earlier = new Map(texts.filter((one) => one.sample_no === sample.sample_no).map((one) => [one.task, one]))
    if (task === 'translate' && accepted(earlier.get('caption')) === null) return []
    if (task === 'thick' && sample.alt_sha === null) return []
    const own = members.filter((one) => one.sample_no === sample.sample_no)
    return [
      {
        sample,
        call,
        earlier,
        normalise,
        mediaType,
        members: own,
        sources: task === 'thick' ? thickSources(own, extracts) : null,
      },
    ]
  })
}

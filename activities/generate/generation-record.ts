import type { Kysely } from 'kysely'
import type { ModelClient } from '../../infra/models/model-client.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import { PermanentError, TransientError } from '../../schema/contracts/errors.ts'
import type { BuiltRequest, ModelResponse } from '../../schema/contracts/generation.ts'
import { findResponse, recordResponse } from '../../schema/queries/generations.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { GenerationDeps } from './run-generation.ts'

export interface RecordContext {
  db: Kysely<Database>
  store: ObjectStore
  client: ModelClient
  defId: number
  run: string
  /** A rebuild replays and calls no model. */
  replayOnly: boolean
  /** Read when a call is made: a replay opens no picture. */
  images(): Promise<ReadonlyMap<string, Uint8Array>>
  signal: AbortSignal
  sleep: (ms: number) => Promise<void>
}

/**
 * The record of model calls: requests and responses in the store by content, one row a request; the first committed
 * response wins. Throws GENERATION_MISSING where a replay finds none.
 */
export function generationRecord(context: RecordContext): GenerationDeps {
  const { db, store } = context
  const find = async (digest: string): Promise<string | null> => {
    const response = await findResponse(db, Buffer.from(digest, 'hex'))
    return response ? (await store.get(response)).toString('utf8') : null
  }
  const send = async (built: BuiltRequest): Promise<ModelResponse> => {
    if (context.replayOnly) {
      throw new PermanentError(
        'GENERATION_MISSING',
        `request ${built.digest} has no recorded response: a rebuild calls no model`,
        { request: built.digest },
      )
    }
    const images = await context.images()
    const input = { request: built.request, schema: built.schema, images }
    return patiently(context, () => context.client.call(input, context.signal))
  }
  const record = async (built: BuiltRequest, response: ModelResponse): Promise<string> => {
    for (const object of built.objects) await store.put(Buffer.from(object.text, 'utf8'))
    await store.put(Buffer.from(built.body, 'utf8'))
    const responseSha = await store.put(Buffer.from(response.raw, 'utf8'))
    const counts = await recordResponse(db, {
      requestSha: Buffer.from(built.digest, 'hex'),
      defId: context.defId,
      responseSha,
      tokensIn: response.usage.prompt_tokens ?? response.usage.characters ?? 0,
      tokensOut: response.usage.completion_tokens ?? 0,
      run: context.run,
    })
    return counts.equals(responseSha) ? response.raw : (await store.get(counts)).toString('utf8')
  }
  return { find, send, record }
}

/** How long a service that is away is waited for, before the release fails and can be resumed. */
const PATIENCE_MS = 60_000
const FIRST_WAIT_MS = 1_000

/** Calls again while the service is away or too slow, up to the patience. Throws what the last call threw, as permanent. */
async function patiently<Result>(context: RecordContext, call: () => Promise<Result>): Promise<Result> {
  const end = performance.now() + PATIENCE_MS
  for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof TransientError) || context.signal.aborted) throw error
      if (performance.now() + wait > end) throw new PermanentError(error.code, error.message, error.details, error)
      await context.sleep(wait)
    }
  }
}

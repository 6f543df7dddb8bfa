import type { Kysely } from 'kysely'
import type { ModelClient } from '../../infra/models/model-client.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
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
    return context.client.call(
      { request: built.request, schema: built.schema, images: await context.images() },
      context.signal,
    )
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

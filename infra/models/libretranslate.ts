import type { GenerationRequest, ModelUsage } from '../../schema/contracts/generation.ts'
import { type ModelAdapter, type ModelCallInput, type WireRequest, charactersOf, textOf } from './adapter.ts'

/** LibreTranslate: `POST /translate` with plain text; `pair` is `source|target` in the server's own codes. */
export const libretranslate: ModelAdapter = { toWire, readUsage }

function toWire({ request }: ModelCallInput, apiKey: string | undefined): WireRequest {
  const [source = 'auto', target = ''] = (request.pair ?? '').split('|')
  return {
    path: '/translate',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      q: textOf(request),
      source,
      target,
      format: 'text',
      ...(apiKey ? { api_key: apiKey } : {}),
    }),
  }
}

function readUsage(request: GenerationRequest): ModelUsage {
  return { prompt_tokens: null, completion_tokens: null, characters: charactersOf(textOf(request)) }
}

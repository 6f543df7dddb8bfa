import type { GenerationRequest, ModelUsage } from '../../schema/contracts/generation.ts'
import { type ModelAdapter, type ModelCallInput, type WireRequest, charactersOf, textOf } from './adapter.ts'

/** Apertium APy: `POST /translate` with `langpair` and `q`. Marks of unknown words stay on: the checks read them. */
export const apertium: ModelAdapter = { toWire, readUsage }

function toWire({ request }: ModelCallInput): WireRequest {
  const form = new URLSearchParams({ langpair: request.pair ?? '', q: textOf(request) })
  return {
    path: '/translate',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  }
}

function readUsage(request: GenerationRequest): ModelUsage {
  return { prompt_tokens: null, completion_tokens: null, characters: charactersOf(textOf(request)) }
}

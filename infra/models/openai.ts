import type {
  GenerationMessage,
  GenerationRequest,
  MessagePart,
  ModelUsage,
} from '../../schema/contracts/generation.ts'
import { InvariantError } from '../../schema/contracts/errors.ts'
import type { ModelAdapter, ModelCallInput, WireRequest } from './adapter.ts'

/**
 * OpenAI-compatible chat completions (vLLM, SGLang, Ollama, hosted services).
 * Every sampling parameter is always sent, because servers fill the gaps from files of their own.
 */
export const openai: ModelAdapter = { toWire, readUsage }

function toWire(input: ModelCallInput, apiKey: string | undefined): WireRequest {
  const { request, schema } = input
  return {
    path: '/chat/completions',
    headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
    body: JSON.stringify({
      model: request.model,
      messages: request.messages.map((message) => toMessage(message, input.images)),
      ...request.params,
      top_p: 1,
      n: 1,
      stream: false,
      ...(schema && request.schema
        ? { response_format: { type: 'json_schema', json_schema: { name: request.schema.name, strict: true, schema } } }
        : {}),
    }),
  }
}

/** Text-only messages go as a plain string, which every server takes; pictures need parts. */
function toMessage(message: GenerationMessage, images: ReadonlyMap<string, Uint8Array>): Record<string, unknown> {
  const onlyText = message.parts.every((part) => part.type === 'text')
  const content = onlyText
    ? message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
    : message.parts.map((part) => toPart(part, images))
  return { role: message.role, content }
}

function toPart(part: MessagePart, images: ReadonlyMap<string, Uint8Array>): Record<string, unknown> {
  if (part.type === 'text') return { type: 'text', text: part.text }
  const bytes = images.get(part.sha256)
  if (!bytes) {
    throw new InvariantError('IMAGE_BYTES_MISSING', `picture ${part.sha256} is named by the request but was not given`)
  }
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { type: 'image_url', image_url: { url: `data:${part.media_type};base64,${base64}` } }
}

function readUsage(_request: GenerationRequest, answer: unknown): ModelUsage {
  const usage = (answer as { usage?: Record<string, unknown> } | null)?.usage
  return {
    prompt_tokens: asCount(usage?.['prompt_tokens']),
    completion_tokens: asCount(usage?.['completion_tokens']),
    characters: null,
  }
}

function asCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

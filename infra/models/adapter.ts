import type { GenerationRequest, ModelUsage } from '../../schema/contracts/generation.ts'

/** What one HTTP exchange needs beyond the recorded request: the schema by value and the bytes of the pictures. */
export interface ModelCallInput {
  request: GenerationRequest
  schema: Record<string, unknown> | null
  /** sha256 -> bytes, for every image part of the request. */
  images: ReadonlyMap<string, Uint8Array>
}

export interface WireRequest {
  /** Path below the base URL, with a leading slash. */
  path: string
  headers: Record<string, string>
  body: string
}

/** One protocol of a model service. Pure: turns a recorded request into an HTTP body and reads usage from the answer. */
export interface ModelAdapter {
  toWire: (input: ModelCallInput, apiKey: string | undefined) => WireRequest
  readUsage: (request: GenerationRequest, answer: unknown) => ModelUsage
}

/** All text of the messages, for engines that take one string. */
export function textOf(request: GenerationRequest): string {
  return request.messages
    .flatMap((message) => message.parts)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
}

/** Characters as translation services bill them: Unicode code points of what was sent. */
export function charactersOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** Generations: recorded model calls. A request names everything that can change the answer, by value or by digest. */

export const GENERATION_TASKS = ['caption', 'translate', 'thick'] as const
export type GenerationTask = (typeof GENERATION_TASKS)[number]

export type MessagePart = { type: 'text'; text: string } | { type: 'image'; sha256: string; media_type: string }

export interface GenerationMessage {
  role: 'system' | 'user' | 'assistant'
  parts: MessagePart[]
}

/**
 * The identity of one model call; its canonical JSON (RFC 8785) is stored by content and its sha256 is the request digest.
 * Holds no address, key, time or byte of a picture: pictures stand as sha256 of exactly the bytes that are sent.
 */
export interface GenerationRequest {
  task: GenerationTask
  provider: 'openai' | 'apertium' | 'libretranslate'
  model: string
  revision: string
  /** Prompt file and language notes by id and sha256 of their text; null for engines that take no prompt. */
  prompt: { id: string; sha256: string; notes: { id: string; sha256: string } | null } | null
  /** JSON schema that the answer must fit, by name and sha256 of its canonical JSON. */
  schema: { name: string; sha256: string } | null
  params: { temperature: number; seed: number; max_tokens: number } | null
  /** Translation engines: source and target as the engine names them, such as `eng|spa`. */
  pair: string | null
  messages: GenerationMessage[]
}

/** A request ready to be recorded and sent. */
export interface BuiltRequest {
  /** sha256 of `body`, lowercase hex: the key under which the first committed response wins. */
  digest: string
  /** Canonical JSON of `request`. */
  body: string
  request: GenerationRequest
  /** The JSON schema itself, as it goes over the wire. */
  schema: Record<string, unknown> | null
  /** Texts that the request names by digest (prompt, notes, schema), to be stored by content beside it. */
  objects: { sha256: string; text: string }[]
}

export interface ModelUsage {
  prompt_tokens: number | null
  completion_tokens: number | null
  /** Characters (code points) of the text given to a translation engine, null for token-priced services. */
  characters: number | null
}

/** What came back over the wire with status 200. `raw` is the response body as text, recorded as it is. */
export interface ModelResponse {
  raw: string
  status: number
  usage: ModelUsage
}

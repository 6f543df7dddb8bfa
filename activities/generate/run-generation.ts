import type { BuiltRequest, ModelResponse } from '../../schema/contracts/generation.ts'
import type { Parsed } from './chat-answer.ts'
import { buildRepairRequest } from './chat-request.ts'

/**
 * Raised by whoever changes what a recorded response becomes: cleaning, parsing, empty culture sentences, repair,
 * checks, grounding. Requests have digests of their own.
 */
export const GENERATION_REV = 2

/** What a generation needs from outside: the record of earlier calls, and a way to make one. */
export interface GenerationDeps {
  /** Raw response committed for this request digest, null when there is none. */
  find: (digest: string) => Promise<string | null>
  /** Makes the call. Throws as the model client does. */
  send: (built: BuiltRequest) => Promise<ModelResponse>
  /** Commits request and response; the first committed response wins, its raw text is returned. */
  record: (built: BuiltRequest, response: ModelResponse) => Promise<string>
}

export interface GenerationResult<T> {
  parsed: Parsed<T>
  /** Digests of the requests that led here, in order: one, or two after a repair round. */
  requests: string[]
  /** How many of them were really sent; 0 for a replay. */
  sent: number
}

/**
 * One generation with at most one repair round, from the record where it has the answer. Safe to run twice and at the
 * same time: the record decides which answer counts, and both runs read that one.
 */
export async function runGeneration<T>(
  deps: GenerationDeps,
  built: BuiltRequest,
  parse: (raw: string) => Parsed<T>,
): Promise<GenerationResult<T>> {
  const first = await ask(deps, built)
  const parsed = parse(first.raw)
  if (parsed.ok || !parsed.repairable) return { parsed, requests: [built.digest], sent: first.sent }
  const again = buildRepairRequest(built, first.raw, parsed.problem)
  const second = await ask(deps, again)
  return { parsed: parse(second.raw), requests: [built.digest, again.digest], sent: first.sent + second.sent }
}

async function ask(deps: GenerationDeps, built: BuiltRequest): Promise<{ raw: string; sent: number }> {
  const known = await deps.find(built.digest)
  if (known !== null) return { raw: known, sent: 0 }
  const response = await deps.send(built)
  return { raw: await deps.record(built, response), sent: 1 }
}

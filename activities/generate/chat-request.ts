import type { BuiltRequest, GenerationMessage, GenerationTask } from '../../schema/contracts/generation.ts'
import type { ModelCall } from '../../schema/contracts/spec.ts'
import { contentOf } from './chat-answer.ts'
import type { AnswerSchema } from './json-schema.ts'
import { canonicalJson } from '../digest.ts'
import { sealRequest } from './sealed-request.ts'
import { type Prompt, renderPrompt } from './prompts.ts'

/** What the model wrote is quoted back in a repair round up to here. */
const MAX_QUOTED_ANSWER_CHARS = 8_000

/**
 * A chat request: instructions as the system message, data as one JSON object in the user message, so that text of
 * a page is always a quoted string and never stands beside the instructions.
 */
export function chatRequest<T>(options: {
  task: GenerationTask
  call: ModelCall
  prompt: Prompt
  /** Placeholders of the prompt. */
  values: Record<string, string>
  data: Record<string, unknown>
  image?: { sha256: string; media_type: string }
  schema: AnswerSchema<T>
}): BuiltRequest {
  const { call, prompt, schema } = options
  const parts: GenerationMessage['parts'] = [{ type: 'text', text: canonicalJson(options.data) }]
  if (options.image) parts.push({ type: 'image', ...options.image })
  const notes = prompt.notes
  return sealRequest(
    {
      task: options.task,
      provider: call.provider,
      model: call.model,
      revision: call.revision,
      prompt: { id: prompt.id, sha256: prompt.sha256, notes: notes && { id: notes.id, sha256: notes.sha256 } },
      schema: { name: schema.name, sha256: schema.sha256 },
      params: call.params,
      pair: null,
      messages: [
        { role: 'system', parts: [{ type: 'text', text: renderPrompt(prompt, options.values) }] },
        { role: 'user', parts },
      ],
    },
    schema.json,
    [
      { sha256: prompt.sha256, text: prompt.text },
      ...(notes ? [{ sha256: notes.sha256, text: notes.text }] : []),
      { sha256: schema.sha256, text: schema.text },
    ],
  )
}

/** The one second try after an answer that did not fit: the answer and what is wrong with it are sent back. */
export function buildRepairRequest(built: BuiltRequest, raw: string, problem: string): BuiltRequest {
  const said = contentOf(raw).toWellFormed().replaceAll('\0', '').slice(0, MAX_QUOTED_ANSWER_CHARS).toWellFormed()
  const ask = `That answer does not fit the JSON schema (${problem}). Answer again, with one JSON object that fits it and nothing else.`
  const messages: GenerationMessage[] = [
    ...built.request.messages,
    { role: 'assistant', parts: [{ type: 'text', text: said === '' ? '(empty)' : said }] },
    { role: 'user', parts: [{ type: 'text', text: ask }] },
  ]
  return sealRequest({ ...built.request, messages }, built.schema, built.objects)
}

import { z } from 'zod'
import type { BuiltRequest } from '../../schema/contracts/generation.ts'
import type { ModelCall } from '../../schema/contracts/spec.ts'
import { type Parsed, parseChat } from './chat-answer.ts'
import { chatRequest } from './chat-request.ts'
import { cleanText, unusable } from './clean-text.ts'
import { answerSchema } from './json-schema.ts'
import type { PromptLibrary } from './prompts.ts'
import { sealRequest } from './sealed-request.ts'

const Translation = z.strictObject({ translation: z.string() })
const ApertiumAnswer = z.object({ responseData: z.object({ translatedText: z.string() }) })
const LibreAnswer = z.object({ translatedText: z.string() })

export const TRANSLATE_SCHEMA = answerSchema('translate', Translation)

export interface TranslateOutput {
  translation: string
}

/** Asks for `text`, which is in the pivot language, in `target`, by prompt or by a translation engine. */
export function buildTranslateRequest(
  text: string,
  target: string,
  call: ModelCall,
  prompts: PromptLibrary,
): BuiltRequest {
  if (call.provider !== 'openai') return engineRequest(text, target, call)
  return chatRequest({
    task: 'translate',
    call,
    prompt: prompts.get(call.prompt, target),
    values: { pivot_language: call.pivot, target_language: target },
    data: { source_language: call.pivot, target_language: target, text },
    schema: TRANSLATE_SCHEMA,
  })
}

/** Engines take no prompt and no parameters; the pair is the spec's, else both base languages. */
function engineRequest(text: string, target: string, call: ModelCall): BuiltRequest {
  return sealRequest(
    {
      task: 'translate',
      provider: call.provider,
      model: call.model,
      revision: call.revision,
      prompt: null,
      schema: null,
      params: null,
      pair: call.pair ?? `${call.pivot.split('-')[0]}|${target.split('-')[0]}`,
      messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
    },
    null,
    [],
  )
}

/** Reads a recorded translation response of `provider`. What an engine marked stays marked: the checks read it. */
export function parseTranslateResponse(raw: string, provider: ModelCall['provider']): Parsed<TranslateOutput> {
  const parsed = provider === 'openai' ? parseChat(raw, Translation) : parseEngine(raw, provider)
  if (!parsed.ok) return parsed
  const translation = cleanText(parsed.value.translation)
  return unusable(translation, 'translation') ?? { ok: true, value: { translation } }
}

function parseEngine(raw: string, provider: 'apertium' | 'libretranslate'): Parsed<TranslateOutput> {
  let answer: unknown
  try {
    answer = JSON.parse(raw)
  } catch {
    // Not JSON: reported below as an answer of the wrong shape.
    answer = undefined
  }
  const translation =
    provider === 'apertium'
      ? ApertiumAnswer.safeParse(answer).data?.responseData.translatedText
      : LibreAnswer.safeParse(answer).data?.translatedText
  if (translation !== undefined) return { ok: true, value: { translation } }
  return { ok: false, reason: 'bad_output', problem: `not an answer of ${provider}`, repairable: false }
}

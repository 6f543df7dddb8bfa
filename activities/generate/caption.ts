import { z } from 'zod'
import type { BuiltRequest } from '../../schema/contracts/generation.ts'
import type { ModelCall } from '../../schema/contracts/spec.ts'
import { type Parsed, parseChat } from './chat-answer.ts'
import { chatRequest } from './chat-request.ts'
import { cleanText, unusable } from './clean-text.ts'
import { isEmptyCulture, withoutEmptyCulture } from './empty-culture.ts'
import { answerSchema } from './json-schema.ts'
import type { PromptLibrary } from './prompts.ts'

const Caption = z.strictObject({
  subject: z.string(),
  state: z.string(),
  background: z.string(),
  culture: z.string().nullable(),
  mood: z.string(),
  details: z.string(),
  caption: z.string(),
  flags: z.strictObject({
    contains_text: z.boolean(),
    watermark: z.boolean(),
    is_logo: z.boolean(),
    is_screenshot: z.boolean(),
  }),
})

/** The six points of a description, the text made of them, and what else was seen. */
export type CaptionOutput = z.infer<typeof Caption>

export const CAPTION_SCHEMA = answerSchema('caption', Caption)

/** Asks for a description in the pivot language of exactly these bytes of a picture. */
export function buildCaptionRequest(
  image: { sha256: string; media_type: string },
  call: ModelCall,
  prompts: PromptLibrary,
): BuiltRequest {
  return chatRequest({
    task: 'caption',
    call,
    prompt: prompts.get(call.prompt, call.pivot),
    values: { pivot_language: call.pivot },
    data: { pivot_language: call.pivot },
    image,
    schema: CAPTION_SCHEMA,
  })
}

/**
 * Reads a recorded caption response: texts cleaned, a culture point that says nothing made null and its sentence
 * taken out of the caption. `empty` when no caption is left.
 */
export function parseCaptionResponse(raw: string): Parsed<CaptionOutput> {
  const parsed = parseChat(raw, Caption)
  if (!parsed.ok) return parsed
  const given = parsed.value
  const culture = given.culture === null ? null : cleanText(given.culture)
  const value: CaptionOutput = {
    subject: cleanText(given.subject),
    state: cleanText(given.state),
    background: cleanText(given.background),
    culture: culture === null || isEmptyCulture(culture) ? null : culture,
    mood: cleanText(given.mood),
    details: cleanText(given.details),
    caption: withoutEmptyCulture(cleanText(given.caption), culture),
    flags: given.flags,
  }
  return unusable(value.caption, 'caption') ?? { ok: true, value }
}

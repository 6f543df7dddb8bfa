import { z } from 'zod'
import type { PageContext } from '../../schema/contracts/candidate.ts'
import type { BuiltRequest } from '../../schema/contracts/generation.ts'
import type { ModelCall } from '../../schema/contracts/spec.ts'
import { type Parsed, parseChat } from './chat-answer.ts'
import { chatRequest } from './chat-request.ts'
import { cleanText, unusable } from './clean-text.ts'
import { answerSchema } from './json-schema.ts'
import type { PromptLibrary } from './prompts.ts'

/** Page text that goes into a prompt, in UTF-16 units a source: enough for a caption, too little to take a prompt over. */
const MAX_SOURCE_CHARS = 600
const MAX_ALT_OTHERS = 4

const Entity = z.strictObject({
  name: z.string(),
  evidence: z.enum(['alt', 'page', 'image']),
  /** Key of `sources` in the request. */
  source: z.string(),
  start: z.int(),
  end: z.int(),
})
const Thick = z.strictObject({ caption: z.string(), entities: z.array(Entity) })

/** A thick caption as the model claims it; `start` and `end` are code points of the named source, unchecked. */
export type ThickOutput = z.infer<typeof Thick>

export const THICK_SCHEMA = answerSchema('thick', Thick)

/** The native texts of a sample and where they stood: all that a thick caption may take names from. */
export interface ThickSources {
  alt_text: string
  alt_others: readonly string[]
  context: PageContext
}

export interface ThickInput extends ThickSources {
  /** Accepted pivot caption, null when there is none. */
  pivot: string | null
  /** Accepted translation of it, null when there is none. */
  ling: string | null
}

/** Named sources in canonical order: `alt_text`, `alt_others[i]`, `context.title|heading|before|after`; absent ones are left out. */
export function namedSources(sources: ThickSources): { name: string; text: string }[] {
  const { title, heading, before, after } = sources.context
  return [
    { name: 'alt_text', text: sources.alt_text },
    ...sources.alt_others.map((text, i) => ({ name: `alt_others[${i}]`, text })),
    { name: 'context.title', text: title ?? '' },
    { name: 'context.heading', text: heading ?? '' },
    { name: 'context.before', text: before ?? '' },
    { name: 'context.after', text: after ?? '' },
  ].filter(({ text }) => text !== '')
}

/** Asks for a caption in the target language that joins native text and description. Page text goes as quoted data, capped. */
export function buildThickRequest(
  input: ThickInput,
  target: string,
  call: ModelCall,
  prompts: PromptLibrary,
): BuiltRequest {
  const sources = namedSources({ ...input, alt_others: input.alt_others.slice(0, MAX_ALT_OTHERS) })
  return chatRequest({
    task: 'thick',
    call,
    prompt: prompts.get(call.prompt, target),
    values: { target_language: target, pivot_language: call.pivot },
    data: {
      target_language: target,
      sources: Object.fromEntries(sources.map(({ name, text }) => [name, capped(text)])),
      description: { pivot_language: call.pivot, pivot: input.pivot ?? '', target: input.ling },
    },
    schema: THICK_SCHEMA,
  })
}

/** Reads a recorded thick response. Nothing in it is believed yet: see `groundThick`. */
export function parseThickResponse(raw: string): Parsed<ThickOutput> {
  const parsed = parseChat(raw, Thick)
  if (!parsed.ok) return parsed
  const caption = cleanText(parsed.value.caption)
  const entities = parsed.value.entities.map((entity) => ({ ...entity, name: cleanText(entity.name) }))
  return unusable(caption, 'thick caption') ?? { ok: true, value: { caption, entities } }
}

/** A prefix that does not cut a character in two; spans into it are spans into the whole. */
function capped(text: string): string {
  if (text.length <= MAX_SOURCE_CHARS) return text
  const cut = text.slice(0, MAX_SOURCE_CHARS)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}

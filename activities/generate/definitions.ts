import type { GenerationTask } from '../../schema/contracts/generation.ts'
import type { ModelCall } from '../../schema/contracts/spec.ts'
import { CAPTION_SCHEMA } from './caption.ts'
import type { PromptLibrary } from './prompts.ts'
import { THICK_SCHEMA } from './thick.ts'
import { TRANSLATE_SCHEMA } from './translate.ts'

/**
 * Raised by whoever changes what a recorded response becomes: cleaning, parsing, empty culture sentences, repair,
 * checks, grounding. Requests have digests of their own.
 */
export const GENERATION_REV = 1

export interface GenerationDefinition {
  name: GenerationTask
  rev: number
  provider: ModelCall['provider']
  model: string
  revision: string
  params: ModelCall['params'] | null
  pair: string | null
  prompt: { id: string; sha256: string; notes: { id: string; sha256: string } | null } | null
  schema: string | null
  /** Word boundaries, scripts and case come from ICU and Unicode data of the runtime. */
  tools: { icu: string; unicode: string }
}

const SCHEMAS = { caption: CAPTION_SCHEMA, translate: TRANSLATE_SCHEMA, thick: THICK_SCHEMA }

/**
 * Everything that can change the output of a generation besides its inputs. `language` is the target, for captions the
 * pivot. Addresses and keys are not in it. Throws PermanentError `PROMPT_UNKNOWN`.
 */
export function generationDefinition(
  task: GenerationTask,
  call: ModelCall,
  language: string,
  prompts: PromptLibrary,
): GenerationDefinition {
  const isChat = call.provider === 'openai'
  const prompt = isChat ? prompts.get(call.prompt, language) : null
  const notes = prompt?.notes ?? null
  return {
    name: task,
    rev: GENERATION_REV,
    provider: call.provider,
    model: call.model,
    revision: call.revision,
    params: isChat ? call.params : null,
    pair: call.pair ?? null,
    prompt: prompt && { id: prompt.id, sha256: prompt.sha256, notes: notes && { id: notes.id, sha256: notes.sha256 } },
    schema: isChat ? SCHEMAS[task].sha256 : null,
    tools: { icu: process.versions.icu ?? '', unicode: process.versions['unicode'] ?? '' },
  }
}

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { sha256Of } from './sealed-request.ts'

/** A prompt for one language: the template, and what is to be minded in that language when a file says it. */
export interface Prompt {
  id: string
  sha256: string
  /** Template text with `{{name}}` placeholders; the system message. */
  text: string
  notes: { id: string; sha256: string; text: string } | null
}

export interface PromptLibrary {
  ids: string[]
  /** sha256 of every text, prompts and notes, by id: what enters the identity of the steps that use them. */
  digests: Record<string, string>
  /** Throws PermanentError `PROMPT_UNKNOWN` with the ids that exist. */
  get: (id: string, language: string) => Prompt
}

/** Folder of the prompts that ship with the project. */
export const PROMPTS_FOLDER = join(import.meta.dirname, 'prompts')

/**
 * Reads every `<task>/<name>@<rev>.md` below `folder`, and `<task>/<name>@<rev>/<language tag>.md` beside it as notes
 * on that language. A prompt that has been used is never edited: a new text is a new `rev`; the digest of the text
 * enters every request, so an edit shows as new requests.
 */
export function loadPrompts(folder: string = PROMPTS_FOLDER): PromptLibrary {
  const texts = new Map<string, string>()
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
    texts.set(file.replaceAll('\\', '/').slice(0, -'.md'.length), text)
  }
  const ids = [...texts.keys()].filter((id) => /^[^/]+\/[^/]+@\d+$/.test(id)).sort()
  const get = (id: string, language: string): Prompt => {
    const text = texts.get(id)
    if (text === undefined || !ids.includes(id)) {
      throw new PermanentError('PROMPT_UNKNOWN', `prompt ${id} does not exist; there are ${ids.join(', ')}`, {
        id,
        ids,
      })
    }
    const notes = texts.get(`${id}/${language}`)
    return {
      id,
      sha256: sha256Of(text),
      text,
      notes: notes === undefined ? null : { id: `${id}/${language}`, sha256: sha256Of(notes), text: notes },
    }
  }
  const digests = Object.fromEntries([...texts.keys()].sort().map((id) => [id, sha256Of(texts.get(id) ?? '')]))
  return { ids, digests, get }
}

/** Fills the placeholders of a template, in one pass: a value is never looked at for placeholders again. */
export function renderPrompt(prompt: Prompt, values: Record<string, string>): string {
  const known: Record<string, string> = { ...values, language_notes: prompt.notes?.text ?? '' }
  const text = prompt.text.replace(/\{\{([a-z_]{1,40})\}\}/g, (whole, name: string) => known[name] ?? whole)
  return text.trim()
}

import { createHash } from 'node:crypto'
import ar from './prompts/ar.json' with { type: 'json' }
import cs from './prompts/cs.json' with { type: 'json' }
import es from './prompts/es.json' with { type: 'json' }
import hu from './prompts/hu.json' with { type: 'json' }
import ko from './prompts/ko.json' with { type: 'json' }
import ru from './prompts/ru.json' with { type: 'json' }
import srLatn from './prompts/sr-Latn.json' with { type: 'json' }
import sr from './prompts/sr.json' with { type: 'json' }
import th from './prompts/th.json' with { type: 'json' }
import vi from './prompts/vi.json' with { type: 'json' }

export type Purpose = 'describe' | 'alternative'

export interface Prompt {
  /** Name and version; a changed text gets a new version. */
  id: string
  text: string
}

const BY_TAG = new Map([ar, cs, es, hu, ko, ru, srLatn, sr, th, vi].map((file) => [file.lang, file]))

/** Whether conversations can be written in this language: its prompts have been written, one file for each tag. */
export function hasPrompts(tag: string): boolean {
  return BY_TAG.has(tag)
}

/** Prompts of a language, undefined when there are none. */
export function promptsOf(tag: string, purpose: Purpose): Prompt[] | undefined {
  return BY_TAG.get(tag)?.[purpose]
}

/** SHA-256 of a prompt's text, lowercase hex. */
export function promptDigest({ text }: Prompt): string {
  return createHash('sha256').update(text).digest('hex')
}

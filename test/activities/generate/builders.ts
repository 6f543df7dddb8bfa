import type { TextFact } from '../../../schema/contracts/facts.ts'
import type { ModelCall } from '../../../schema/contracts/spec.ts'

export function aModelCall(call: Partial<ModelCall> = {}): ModelCall {
  return {
    provider: 'openai',
    base_url: 'http://127.0.0.1:9/v1',
    model: 'm-1',
    revision: 'r-1',
    prompt: 'translate/plain@1',
    params: { temperature: 0, seed: 7, max_tokens: 1024 },
    pivot: 'en',
    pair: null,
    ...call,
  }
}

export function aTextFact(text: string, eld: string, cld3: string = eld): TextFact {
  return {
    text,
    type: 'description',
    script: 'Latn',
    script_share: 1,
    letters: (text.match(/\p{L}/gu) ?? []).length,
    words: text.split(' ').length,
    pii: [],
    eld: { lang: eld, score: 0.9 },
    cld3: { lang: cld3, score: 0.9 },
    eld_scores: {},
  }
}

/** A chat completion as a service sends it. */
export function aCompletion(content: unknown, choice: Record<string, unknown> = {}, message: object = {}): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return JSON.stringify({
    choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: text, ...message }, ...choice }],
  })
}

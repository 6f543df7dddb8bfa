import { z } from 'zod'
import type { GenerationReason } from '../../schema/contracts/reasons.ts'

/** What a recorded response says. `repairable`: one more call that shows the problem may mend it. */
export type Parsed<T> =
  | { ok: true; value: T }
  | { ok: false; reason: GenerationReason; problem: string; repairable: boolean }

const Completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.unknown(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
})

/** Problems that are quoted to the model; more of them help nobody. */
const MAX_ISSUES = 8

/**
 * Reads one chat completion and validates its content. An answer that was cut off (`finish_reason: length`) is
 * `truncated`, one that the model or a filter declined is `refused`; anything else that does not fit is `bad_output`.
 */
export function parseChat<T>(raw: string, schema: z.ZodType<T>): Parsed<T> {
  const completion = Completion.safeParse(parseJson(raw))
  const choice = completion.data?.choices[0]
  if (!choice) return bad('the response is not a chat completion')
  if (choice.message.refusal || choice.finish_reason === 'content_filter') {
    return { ok: false, reason: 'refused', problem: 'the model declined', repairable: false }
  }
  if (choice.finish_reason === 'length') {
    return { ok: false, reason: 'truncated', problem: 'the answer was cut off at max_tokens', repairable: false }
  }
  const content = parseJson(unfenced(textOf(choice.message.content)))
  if (content === undefined) return bad('the answer is not one JSON object')
  const parsed = schema.safeParse(content)
  return parsed.success ? { ok: true, value: parsed.data } : bad(issuesOf(parsed.error))
}

/** The text that the model wrote, as it is, for a repair round; empty when the response has none. */
export function contentOf(raw: string): string {
  const completion = Completion.safeParse(parseJson(raw))
  return textOf(completion.data?.choices[0]?.message.content)
}

function bad(problem: string): Parsed<never> {
  return { ok: false, reason: 'bad_output', problem, repairable: true }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Not JSON is a result here, not a fault.
    return undefined
  }
}

/** Content is a string, or parts of which the text ones count. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) => (part as { text?: unknown } | null)?.text)
  return texts.map((text) => (typeof text === 'string' ? text : '')).join('')
}

/** Servers that cannot constrain their model often put the JSON into a Markdown fence. */
function unfenced(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('```') || !trimmed.endsWith('```') || trimmed.length < 6) return trimmed
  const start = trimmed.indexOf('\n')
  return start < 0 ? trimmed : trimmed.slice(start + 1, -3)
}

/** Paths and kinds only, in our words, so that the text does not change with the library's. */
function issuesOf(error: z.ZodError): string {
  const issues = error.issues.slice(0, MAX_ISSUES).map(({ path, code }) => `${path.join('.') || 'the object'}: ${code}`)
  return [...new Set(issues)].join('; ')
}

import { z } from 'zod'
import { canonicalJson } from '../digest.ts'
import { sha256Of } from './sealed-request.ts'

/** One answer shape: the zod schema that validates and the JSON schema that is sent are the same thing. */
export interface AnswerSchema<T> {
  name: string
  zod: z.ZodType<T>
  json: Record<string, unknown>
  sha256: string
  /** Canonical JSON of `json`, as it is stored by content. */
  text: string
}

export function answerSchema<T>(name: string, schema: z.ZodType<T>): AnswerSchema<T> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      // Bounds of JavaScript's integers mean nothing to a model, and some servers refuse the keywords.
      delete jsonSchema.minimum
      delete jsonSchema.maximum
    },
  })
  const text = canonicalJson(json)
  return { name, zod: schema, json, sha256: sha256Of(text), text }
}

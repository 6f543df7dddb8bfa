import { parseSpec } from '../../infra/spec-file.ts'
import { AppError } from '../../schema/contracts/errors.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'

/** The least that a spec must say, as a file. */
export const LEAST_SPEC = `dataset: demo
version: 1.0.0
date: 2026-01-01
languages: [cs]
crawl:
  seeds: { cs: ["https://a.example/"] }
  politeness: { user_agent: "bot (+https://a.example/bot)" }
`

/** The spec that a file's text means. */
export function aSpec(more = ''): ReleaseSpec {
  return parseSpec(LEAST_SPEC + more, 'spec.yaml')
}

/** The faults of a file's text, one sentence each. Throws when it has none. */
export function faultsOf(text: string, file = 'spec.yaml'): string[] {
  try {
    parseSpec(text, file)
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_SPEC') return error.details['lines'] as string[]
    throw error
  }
  throw new Error('no fault found')
}

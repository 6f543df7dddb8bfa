import { z } from 'zod'
import { unrunnable } from './table.ts'
import type { ConformanceFunctions, Row } from './table.ts'

const tableSchema = z.object({ parse: z.array(z.unknown()) })

const rowSchema = z.object({
  srcset: z.string(),
  expect: z.string(),
  expectIsResolvedAsUrl: z.boolean().optional(),
})

type Candidates = ReturnType<ConformanceFunctions['parseSrcset']>

/** Width of the window, in pixels, that `w` descriptors are measured against; the tables do not give `sizes`. */
const VIEWPORT_WIDTH = 1024
const BASE = 'http://base.invalid/'

/** Rows of `parse`: the source that a display of density 1 would show, empty when no candidate is left. */
export function srcsetRows(table: unknown, functions: Pick<ConformanceFunctions, 'parseSrcset'>): Row[] {
  return tableSchema.parse(table).parse.map((raw, index): Row => {
    const parsed = rowSchema.safeParse(raw)
    if (!parsed.success) return unrunnable(`parse[${index}]`, z.prettifyError(parsed.error))
    const { srcset, expect, expectIsResolvedAsUrl } = parsed.data
    const compared = (url: string) => (expectIsResolvedAsUrl === true && url !== '' ? new URL(url, BASE).href : url)
    return {
      name: `parse[${index}] ${JSON.stringify(srcset)}`,
      expected: compared(expect),
      run: () => compared(chosen(functions.parseSrcset(srcset))),
    }
  })
}

/** The least density that is enough, else the greatest; of equal ones the first. */
function chosen(candidates: Candidates): string {
  let best: { url: string; density: number } | null = null
  for (const candidate of candidates) {
    const density = densityOf(candidate)
    if (best === null || isBetter(density, best.density)) best = { url: candidate.url, density }
  }
  return best?.url ?? ''
}

function densityOf(candidate: Candidates[number]): number {
  if (typeof candidate.width === 'number') return candidate.width / VIEWPORT_WIDTH
  return candidate.density ?? 1
}

function isBetter(density: number, than: number): boolean {
  return than < 1 ? density > than : density >= 1 && density < than
}

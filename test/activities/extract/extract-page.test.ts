import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { EXTRACT_REV, extractPage } from '../../../activities/extract/extract-page.ts'
import type { PageInput } from '../../../schema/contracts/candidate.ts'
import { expectGolden, goldenInputs } from '../golden-cases.ts'

const CASES = new URL('./cases/', import.meta.url)

function aPage(html: string, overrides: Partial<PageInput> = {}): PageInput {
  return {
    url: 'https://site.example/dir/page.html',
    body: new TextEncoder().encode(html),
    contentType: 'text/html; charset=utf-8',
    contentLanguage: null,
    ...overrides,
  }
}

describe('extractPage', () => {
  test.each(goldenInputs(CASES, '.html'))('reads %s as recorded', (name) => {
    const result = extractPage(aPage(readFileSync(new URL(name, CASES), 'utf8')))
    expectGolden(new URL(name.replace('.html', '.json'), CASES), EXTRACT_REV, result)
  })
})

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPrompts, renderPrompt } from '../../../activities/generate/prompts.ts'

const LANGUAGES = ['ar', 'cs', 'hu', 'ko', 'ru', 'sr', 'sr-Latn', 'th', 'vi']

describe('prompts', () => {
  it('are there for every task, with notes on each of the languages for those that write in one', () => {
    const prompts = loadPrompts()
    expect(prompts.ids).toEqual(['caption/six-points@1', 'thick/grounded@1', 'translate/plain@1'])
    for (const id of ['thick/grounded@1', 'translate/plain@1']) {
      expect(LANGUAGES.filter((language) => prompts.get(id, language).notes === null)).toEqual([])
      const filled = renderPrompt(prompts.get(id, 'th'), { target_language: 'th', pivot_language: 'en' })
      expect(filled).toContain('standard Thai')
      expect(filled).not.toContain('{{')
    }
  })

  it('are the same with either kind of line end, and change their digest with their text', () => {
    const folder = mkdtempSync(join(tmpdir(), 'prompts-'))
    const digest = (text: string) => {
      mkdirSync(join(folder, 'caption'), { recursive: true })
      writeFileSync(join(folder, 'caption', 'a@1.md'), text)
      return loadPrompts(folder).get('caption/a@1', 'en').sha256
    }
    expect(digest('one\r\ntwo\r\n')).toBe(digest('one\ntwo\n'))
    expect(digest('one\ntwo')).not.toBe(digest('one\nthree'))
    rmSync(folder, { recursive: true })
  })

  it('says which prompts exist when one does not', () => {
    expect(() => loadPrompts().get('caption/nothing@1', 'en')).toThrowError(
      expect.objectContaining({ code: 'PROMPT_UNKNOWN', message: expect.stringContaining('caption/six-points@1') }),
    )
  })

  it('does not look for placeholders in what it fills in', () => {
    const prompt = { id: 'x', sha256: '', text: 'To {{target_language}}: {{other}}', notes: null }
    expect(renderPrompt(prompt, { target_language: '{{secret}}', secret: 'leak' })).toBe('To {{secret}}: {{other}}')
  })
})

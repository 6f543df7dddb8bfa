import { describe, expect, it } from 'vitest'
import { parseCaptionResponse } from '../../../activities/generate/caption.ts'
import { parseThickResponse } from '../../../activities/generate/thick.ts'
import { parseTranslateResponse } from '../../../activities/generate/translate.ts'
import { aCompletion } from './builders.ts'

const CAPTION = {
  subject: 'A dog.',
  state: 'It runs.',
  background: 'Grass.',
  culture: null as string | null,
  mood: 'Cheerful.',
  details: 'Brown fur.',
  caption: 'A dog runs on grass.',
  flags: { contains_text: false, watermark: false, is_logo: false, is_screenshot: false },
}

describe('recorded responses', () => {
  it('gives the six points of a caption', () => {
    expect(parseCaptionResponse(aCompletion(CAPTION))).toEqual({ ok: true, value: CAPTION })
  })

  it('takes a culture point that says nothing for none, and its sentence out of the caption', () => {
    const empty = 'No specific cultural features are visible, and the country cannot be determined.'
    const given = { ...CAPTION, culture: empty, caption: `A dog runs on grass. ${empty} The light is soft.` }
    expect(parseCaptionResponse(aCompletion(given))).toEqual({
      ok: true,
      value: { ...CAPTION, culture: null, caption: 'A dog runs on grass. The light is soft.' },
    })
  })

  it('removes controls, lone surrogates and line breaks from what a model wrote', () => {
    const given = aCompletion({ translation: ' a\u0000b\u200b \n c\ud800 e\u0301 ' })
    expect(parseTranslateResponse(given, 'openai')).toEqual({ ok: true, value: { translation: 'ab c\ufffd é' } })
  })

  it('reads JSON in a Markdown fence and content in parts', () => {
    const fenced = aCompletion('```json\n{"translation":"x"}\n```')
    expect(parseTranslateResponse(fenced, 'openai')).toEqual({ ok: true, value: { translation: 'x' } })
    const parts = aCompletion('', {}, { content: [{ type: 'text', text: '{"translation":"x"}' }] })
    expect(parseTranslateResponse(parts, 'openai')).toEqual({ ok: true, value: { translation: 'x' } })
  })

  it('tells a refusal, a cut and nonsense apart; only nonsense is worth a second try', () => {
    const outcome = (raw: string) => {
      const parsed = parseTranslateResponse(raw, 'openai')
      return parsed.ok ? 'ok' : [parsed.reason, parsed.repairable]
    }
    expect(outcome(aCompletion({ translation: 'x' }, {}, { refusal: 'No.' }))).toEqual(['refused', false])
    expect(outcome(aCompletion({ translation: 'x' }, { finish_reason: 'content_filter' }))).toEqual(['refused', false])
    expect(outcome(aCompletion('{"translation":"x', { finish_reason: 'length' }))).toEqual(['truncated', false])
    expect(outcome(aCompletion('Sure! Here it is.'))).toEqual(['bad_output', true])
    expect(outcome(aCompletion({ translation: 5 }))).toEqual(['bad_output', true])
    expect(outcome(aCompletion({ translation: 'x', extra: 1 }))).toEqual(['bad_output', true])
    expect(outcome('<html>')).toEqual(['bad_output', true])
    expect(outcome('{"choices":[]}')).toEqual(['bad_output', true])
    expect(outcome('null')).toEqual(['bad_output', true])
    expect(outcome(aCompletion({ translation: ' … ' }))).toEqual(['empty', false])
    expect(outcome(aCompletion({ translation: 'x'.repeat(10_001) }))).toEqual(['bad_output', false])
  })

  it('names the fields that do not fit and quotes nothing else', () => {
    const parsed = parseCaptionResponse(aCompletion({ ...CAPTION, mood: 3, flags: {} }))
    expect(parsed).toMatchObject({ problem: expect.stringContaining('mood: invalid_type') })
    expect(parsed).toMatchObject({ problem: expect.stringContaining('flags.watermark: invalid_type') })
  })

  it('reads the answers of translation engines with their marks', () => {
    const apertium = '{"responseData":{"translatedText":"Un *cheetah."},"responseStatus":200}'
    expect(parseTranslateResponse(apertium, 'apertium')).toEqual({ ok: true, value: { translation: 'Un *cheetah.' } })
    expect(parseTranslateResponse('{"translatedText":"Un guepardo."}', 'libretranslate')).toEqual({
      ok: true,
      value: { translation: 'Un guepardo.' },
    })
    expect(parseTranslateResponse('{"a":1}', 'apertium')).toMatchObject({ reason: 'bad_output', repairable: false })
    expect(parseTranslateResponse('nonsense', 'libretranslate')).toMatchObject({ reason: 'bad_output' })
  })

  it('reads a thick caption with its claims', () => {
    const given = {
      caption: 'Hrad.',
      entities: [{ name: 'Hrad', evidence: 'alt', source: 'alt_text', start: 0, end: 4 }],
    }
    expect(parseThickResponse(aCompletion(given))).toEqual({ ok: true, value: given })
    expect(parseThickResponse(aCompletion({ ...given, entities: [{ name: 'x' }] }))).toMatchObject({
      reason: 'bad_output',
    })
  })
})

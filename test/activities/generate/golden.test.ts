import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildCaptionRequest, parseCaptionResponse } from '../../../activities/generate/caption.ts'
import { checkTranslation } from '../../../activities/generate/check-translation.ts'
import { GENERATION_REV } from '../../../activities/generate/run-generation.ts'
import { groundThick } from '../../../activities/generate/ground-thick.ts'
import { loadPrompts } from '../../../activities/generate/prompts.ts'
import { buildThickRequest } from '../../../activities/generate/thick.ts'
import { buildTranslateRequest } from '../../../activities/generate/translate.ts'
import { aCompletion, aModelCall, aTextFact } from './builders.ts'

/**
 * Results that were recorded at `rev`. When this fails and the change is meant: raise GENERATION_REV if `results`
 * differ, write a new prompt revision if `requests` differ, then record both anew.
 */
const GOLDEN = JSON.parse(readFileSync(new URL('cases/golden.json', import.meta.url), 'utf8')) as {
  rev: number
  requests: Record<string, string>
  results: Record<string, unknown>
}

const prompts = loadPrompts()
const context = { title: 'Karlův most', heading: null, before: 'Stavbu založil Karel IV. v roce 1357.', after: null }
const thickCall = aModelCall({ prompt: 'thick/grounded@1' })

function requests(): Record<string, string> {
  const picture = { sha256: 'a'.repeat(64), media_type: 'image/jpeg' }
  const thick = { alt_text: 'Lidé na mostě', alt_others: [], context, pivot: 'A bridge.', ling: 'Most.' }
  return {
    caption: buildCaptionRequest(picture, aModelCall({ prompt: 'caption/six-points@1' }), prompts).digest,
    'translate cs': buildTranslateRequest('A bridge.', 'cs', aModelCall(), prompts).digest,
    'translate eng|spa': buildTranslateRequest(
      'A bridge.',
      'es',
      aModelCall({ provider: 'apertium', pair: 'eng|spa' }),
      prompts,
    ).digest,
    'thick cs': buildThickRequest(thick, 'cs', thickCall, prompts).digest,
    'thick th': buildThickRequest(thick, 'th', thickCall, prompts).digest,
  }
}

function results(): Record<string, unknown> {
  const points = { subject: 'A', state: 'B', background: 'C', mood: 'D', details: 'E' }
  const flags = { contains_text: true, watermark: false, is_logo: false, is_screenshot: false }
  const empty = 'No cultural features can be seen.'
  const sources = { alt_text: 'Lidé na Karlově mostě', alt_others: [], context }
  const entities = [{ name: 'Karel IV', evidence: 'page' as const, source: 'alt_text', start: 0, end: 3 }]
  const caption = 'Lidé na Karlově mostě. Karel IV. ho založil v roce 1357. Vlevo stojí Zlatohrad.'
  const check = (translation: string, eld: string) =>
    checkTranslation({
      source: 'A large round tower stands on the hill, 40 m high.',
      pivot: 'en',
      translation,
      target: 'es',
      fact: aTextFact(translation, eld),
    })
  return {
    caption: parseCaptionResponse(aCompletion({ ...points, culture: empty, caption: `A dog. ${empty}`, flags })),
    good: check('Una gran torre redonda está en la colina, de 40 m de altura.', 'es'),
    bad: check('A gran tower round stands on la hill, hill, hill, hill, hill, hill', 'en'),
    thick: groundThick({ caption, entities }, sources, 'Na mostě jsou lidé.', 'cs'),
    thai: groundThick(
      { caption: 'ภาพวัดพระแก้ว พื้นหลังสีขาว', entities: [] },
      { ...sources, alt_text: 'ภาพวัด' },
      'พื้นหลังสีขาว',
      'th',
    ),
  }
}

describe('golden generations', () => {
  it('have the requests that were recorded', () => {
    expect(requests()).toEqual(GOLDEN.requests)
  })

  it('have the results that were recorded at their revision', () => {
    expect({ rev: GENERATION_REV, results: results() }).toEqual({ rev: GOLDEN.rev, results: GOLDEN.results })
  })
})

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { candidateLine, needsExtract } from '../../../activities/trace/candidate-line.ts'
import type { ExtractFact } from '../../../schema/contracts/candidate.ts'
import type { ListedCandidate } from '../../../schema/queries/list-candidates.ts'

const sha = (text: string) => createHash('sha256').update(text).digest()
const JUDGED = { text: 'Mlýn', source: 'alt', type: 'description', tag: 'cs', reason: null }

function aListed(changes: Partial<ListedCandidate> = {}): ListedCandidate {
  return {
    page_no: 0,
    position: 0,
    page_url: 'http://a.example/',
    image_url: 'http://a.example/1.jpg',
    host: 'a.example',
    extract_input: sha('input'),
    tag: 'cs',
    script: 'Latn',
    reason: null,
    rules: [],
    texts: [JUDGED],
    text_shas: [sha('Mlýn')],
    picture: sha('picture'),
    key: sha('key'),
    sample_stage: null,
    sample_reason: null,
    split: 'train',
    has_native: true,
    has_ling: true,
    has_thick: false,
    alt_text: 'Mlýn u řeky',
    ...changes,
  }
}

const extractOf = (text: string): ExtractFact => ({
  ok: true,
  title: null,
  lang: null,
  candidates: [
    {
      position: 0,
      image_url: 'http://a.example/1.jpg',
      other_urls: [],
      texts: [{ text, source: 'alt', lang: null }],
      decorative: false,
      context: { title: null, heading: null, before: null, after: null },
      licence: null,
      lang: null,
    },
  ],
})

test('a released candidate carries the row it went into', () => {
  expect(candidateLine(aListed(), undefined)).toEqual({
    page_url: 'http://a.example/',
    image_url: 'http://a.example/1.jpg',
    position: 0,
    host: 'a.example',
    lang: 'cs',
    script: 'Latn',
    reason: null,
    rules: [],
    texts: [{ text: 'Mlýn', raw: null, source: 'alt', type: 'description', lang: 'cs', reason: null }],
    picture: sha('picture').toString('hex'),
    key: sha('key').toString('hex'),
    sample_stage: null,
    sample_reason: null,
    released: true,
    split: 'train',
    in_know: true,
    in_ling: true,
    in_thick: false,
    alt_text: 'Mlýn u řeky',
  })
})

test('a sample that is not in the release shows no text of a row', () => {
  const line = candidateLine(aListed({ split: null, sample_stage: 'judge', sample_reason: 'ratio' }), undefined)
  expect([line.released, line.in_know, line.in_ling, line.alt_text]).toEqual([false, false, false, null])
})

test('a repaired text stands beside what the page has', () => {
  const repaired = aListed({ text_shas: [sha('MlÃ½n')] })
  expect([needsExtract(aListed()), needsExtract(repaired)]).toEqual([false, true])
  expect(candidateLine(repaired, extractOf('MlÃ½n')).texts).toEqual([
    { text: 'Mlýn', raw: 'MlÃ½n', source: 'alt', type: 'description', lang: 'cs', reason: null },
  ])
})

test('texts that are not judged yet are listed as the page has them', () => {
  const early = aListed({ tag: null, script: null, rules: null, texts: null, key: null, split: null })
  expect(needsExtract(early)).toBe(true)
  expect(candidateLine(early, extractOf('Mlýn')).texts).toEqual([
    { text: 'Mlýn', raw: null, source: 'alt', type: null, lang: null, reason: null },
  ])
})

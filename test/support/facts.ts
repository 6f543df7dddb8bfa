import { createHash } from 'node:crypto'
import type { NormaliseFact, PageLanguageFact, SafetyFact, TextFact } from '../../schema/contracts/facts.ts'

export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Scores that no limit drops. */
export const SAFE: SafetyFact = { drawing: 0, hentai: 0.01, neutral: 0.97, porn: 0.02, sexy: 0 }

/** A page that every detector takes for Czech. */
export const CZECH_PAGE: PageLanguageFact = {
  eld: { lang: 'cs', score: 1 },
  cld3: { lang: 'cs', score: 1 },
  shares: [{ lang: 'cs', eld: 1, cld3: 1, both: 1 }],
  scripts: [{ script: 'Latn', share: 1 }],
  letters: 1_000,
  evidence: 1_000,
  declared: 'cs',
}

/** A Czech description. */
export function aTextFact(text: string): TextFact {
  return {
    text,
    type: 'description',
    script: 'Latn',
    script_share: 1,
    letters: text.replaceAll(/\P{L}/gu, '').length,
    words: text.split(' ').length,
    pii: [],
    eld: { lang: 'cs', score: 0.9 },
    cld3: { lang: 'cs', score: 0.9 },
    eld_scores: { cs: 0.9, en: 0.1 },
  }
}

/**
 * What normalise found in a square picture; its digests are those of its name, its perceptual hash that of the name of
 * the picture that it is near to, with the first 12 bits the other way.
 */
export function aNormaliseFact({
  name,
  side = 400,
  near,
}: {
  name: string
  side?: number
  near?: string
}): Extract<NormaliseFact, { ok: true }> {
  const pdq = digestOf(`pdq ${near ?? name}`).toString('hex')
  const released = { sha256: digestOf(`released ${name}`).toString('hex'), width: side, height: side, bytes: 9_000 }
  return {
    ok: true,
    format: 'jpeg',
    width: side,
    height: side,
    bytes: 9_000,
    frames: 1,
    has_alpha: false,
    released,
    pdq:
      near === undefined ? pdq : (0xfff - parseInt(pdq.slice(0, 3), 16)).toString(16).padStart(3, '0') + pdq.slice(3),
    pdq_quality: 100,
    sharpness: 1,
    entropy: 1,
    data_mining: null,
    licence: null,
  }
}

import type { TextType } from './candidate.ts'

/** Values of the fact steps. Doubles are rounded to 4 decimals before anything compares or stores them. */

/** Fact `normalise`, over a picture. Input digest: the picture's sha256. */
export type NormaliseFact =
  | {
      ok: true
      /** Sniffed format of the bytes as fetched: jpeg, png, webp, gif, avif. */
      format: string
      /** Pixels after orientation, before resizing. */
      width: number
      height: number
      bytes: number
      frames: number
      has_alpha: boolean
      released: { sha256: string; width: number; height: number; bytes: number }
      /** 256 bit, 64 lowercase hex digits, of the decoded, oriented, flattened picture. */
      pdq: string
      /** 0 to 100; under 50 is nearly featureless. */
      pdq_quality: number
      sharpness: number
      entropy: number
      /** IPTC/PLUS DataMining value (the part behind the vocabulary prefix), null when none. */
      data_mining: string | null
      /** xmpRights:WebStatement, cc:license or dc:rights, null when none. */
      licence: string | null
    }
  | { ok: false; reason: 'undecodable' | 'unsupported_format' | 'too_many_pixels' | 'kills_worker' }

/** Fact `safety`, over a normalised picture. Input digest: its sha256. */
export interface SafetyFact {
  drawing: number
  hentai: number
  neutral: number
  porn: number
  sexy: number
}

export interface DetectorLabel {
  /** BCP 47 base language as the detector says it, `und` when it gave none. */
  lang: string
  score: number
}

/** How much of a page's text detectors take for one language (or for one of a group they cannot tell apart). */
export interface LanguageShare {
  /** BCP 47 base language; the first member stands for a group (`sr` for sr, hr, bs). */
  lang: string
  /** Share of the letters; null when eld does not know the language. */
  eld: number | null
  cld3: number
  /** Share of the letters on which both agree; null when eld does not know the language. */
  both: number | null
}

/** Fact `page-language`, over a page capture: every detector on the whole page's text. */
export interface PageLanguageFact {
  eld: DetectorLabel
  cld3: DetectorLabel
  /** Languages by share of the letters, largest first, at most six. */
  shares: LanguageShare[]
  /** Share of letters by ISO 15924 code, largest first, at most four. */
  scripts: { script: string; share: number }[]
  letters: number
  /** Letters of distinct words that the detectors were shown: what the shares are shares of. */
  evidence: number
  declared: string | null
}

/** Fact `text`, over one native text. Input digest: sha256 of its UTF-8 bytes. */
export interface TextFact {
  /** Repaired text: mojibake mended, NFC, controls removed, white space collapsed. */
  text: string
  type: TextType
  /** Dominant script of its letters (ISO 15924), `Zyyy` when it has none. */
  script: string
  script_share: number
  letters: number
  words: number
  pii: ('email' | 'phone' | 'url' | 'card')[]
  eld: DetectorLabel
  cld3: DetectorLabel
  /** eld's score for each language asked for by `contrast` or `languages`, base language -> score. */
  eld_scores: Record<string, number>
}

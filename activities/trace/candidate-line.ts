import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { ListedCandidate } from '../../schema/queries/list-candidates.ts'
import { sha256 } from '../digest.ts'

/** One text of a candidate in a listing. */
export interface LineText {
  /** As judged and released: repaired, NFC, white space collapsed. */
  text: string
  /** As the page has it after entity decoding, NFC and white-space collapse; null when it is the same. */
  raw: string | null
  source: string
  type: string | null
  /** Decided tag, `und` when nothing speaks; null before it is judged. */
  lang: string | null
  reason: string | null
}

/** A line of `sample list --all`: one candidate and, when it formed one, its sample. */
export interface CandidateLine {
  page_url: string | null
  image_url: string | null
  position: number
  host: string
  /** Decided tag, `und` when nothing speaks. */
  lang: string | null
  script: string | null
  /** Why it is no (part of a) sample: the first rule that fired, null when none did. */
  reason: string | null
  rules: string[]
  texts: LineText[]
  /** sha256 of the picture as fetched. */
  picture: string | null
  key: string | null
  /** The stage and reason that dropped the sample; null when it was kept so far. */
  sample_stage: string | null
  sample_reason: string | null
  released: boolean
  split: string | null
  in_know: boolean
  in_ling: boolean
  in_thick: boolean
  /** The released row's native text. */
  alt_text: string | null
}

/** The line of a candidate. `extract` is the fact of its page, needed where `needsExtract` says so. */
export function candidateLine(row: ListedCandidate, extract: ExtractFact | undefined): CandidateLine {
  const released = row.split !== null
  return {
    page_url: row.page_url,
    image_url: row.image_url,
    position: row.position,
    host: row.host,
    lang: row.tag,
    script: row.script,
    reason: row.reason,
    rules: row.rules ?? [],
    texts: textsOf(row, extract),
    picture: row.picture?.toString('hex') ?? null,
    key: row.key?.toString('hex') ?? null,
    sample_stage: row.sample_stage,
    sample_reason: row.sample_reason,
    released,
    split: row.split,
    in_know: released && row.has_native,
    in_ling: released && row.has_ling,
    in_thick: released && row.has_thick,
    alt_text: released ? row.alt_text : null,
  }
}

/** Whether a text was repaired or is not judged yet, so that the page's own form has to be read. */
export function needsExtract(row: Pick<ListedCandidate, 'texts' | 'text_shas'>): boolean {
  return row.text_shas.some((sha, index) => {
    const judged = row.texts?.[index]
    return judged === undefined || !sha256(judged.text).equals(sha)
  })
}

function textsOf(row: ListedCandidate, extract: ExtractFact | undefined): LineText[] {
  const found = extract?.ok ? extract.candidates.find((one) => one.position === row.position) : undefined
  if (row.texts === null)
    return (found?.texts ?? []).map(({ text, source }) => ({
      text,
      raw: null,
      source,
      type: null,
      lang: null,
      reason: null,
    }))
  return row.texts.map(({ text, source, type, tag, reason }, index) => {
    const raw = found?.texts[index]?.text ?? text
    return { text, raw: raw === text ? null : raw, source, type, lang: tag, reason }
  })
}

import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import type { TextExplanation } from './explain-candidate.ts'
import type { OptOutLine } from './opt-out-lines.ts'
import type { RuleLine } from './rule-line.ts'

export interface CandidateDocument {
  page_url: string | null
  image_url: string | null
  position: number
  /** Decided tag. */
  lang: string
  script: string
  /** As stored: the first rule that fired, null when it joined a sample. */
  reason: string | null
  picture: string | null
  /** Of the sample that it joined. */
  key: string | null
  /** What the crawl made of the picture's URL. */
  fetch: { state: string; reason: string | null; detail: string | null } | null
  opt_out: OptOutLine[]
  rules: RuleLine[]
  texts: TextExplanation[]
  /** Judged anew it comes out otherwise than stored: the code is another than the release's. */
  differs: boolean
}

export interface SampleDocument {
  key: string
  lang: string
  script: string
  picture: string
  released: boolean
  split: string | null
  stage: string | null
  reason: string | null
  rules: RuleLine[]
  /** The sample that was kept in place of this one, and its distance in bits. */
  leader: { key: string | null; picture: string; distance: number } | null
  generations: { task: string; reason: string | null }[]
}

export interface PictureDocument {
  picture: string
  /** Null when its bytes were never stored or looked into. */
  normalise: NormaliseFact | null
  safety: SafetyFact | null
  opt_out: OptOutLine[]
  /** Rules on the picture by the limits of no language in particular; empty when a sample has them. */
  rules: RuleLine[]
}

/** What `sample explain` says of its subject. */
export interface Explanation {
  release: string
  subject: { kind: 'sample' | 'picture' | 'url'; value: string }
  samples: SampleDocument[]
  pictures: PictureDocument[]
  candidates: CandidateDocument[]
  /** Links to a URL that is none of these: why nothing followed them. */
  not_followed: OptOutLine[]
  /** There are more candidates than are shown. */
  more: boolean
}

import { createHash } from 'node:crypto'
import { PDQ_MATCH_DISTANCE, PDQ_MIN_QUALITY, type PdqResult, popCount } from '../normalise/pdq.ts'
import { type HashKind, type HashList } from './hash-list.ts'

const PDQ_WORDS = 8

export interface PictureHashes {
  md5: string
  sha1: string
  sha256: string
  /** In reference mode; may be left out when `needsPdq` is false. */
  pdq?: PdqResult
}

export type AbuseMatch = { hit: false } | { hit: true; list: string; kind: HashKind }

export interface AbuseMatcher {
  /** A list holds perceptual hashes, so a picture has to be decoded before it can be asked. */
  needsPdq: boolean
  /** Digests of the lists, sorted. */
  lists: string[]
  match: (hashes: PictureHashes) => AbuseMatch
}

/**
 * Asks all lists: exact hashes first, then PDQ within the distance (`pdqThreshold`, bits). Of several hits the kind
 * order and then the list's digest decide, so the answer does not depend on the order of the lists.
 */
export function createAbuseMatcher(lists: HashList[], { pdqThreshold = PDQ_MATCH_DISTANCE } = {}): AbuseMatcher {
  const ordered = lists.toSorted((a, b) => (a.digest < b.digest ? -1 : Number(a.digest > b.digest)))
  const exact = ordered.flatMap(({ digest, hashes }) =>
    (['sha256', 'sha1', 'md5'] as const).map((kind) => ({ digest, kind, hashes: new Set(hashes[kind]) })),
  )
  const near = ordered
    .filter(({ hashes }) => hashes.pdq.length > 0)
    .map(({ digest, hashes }) => ({ digest, words: packPdq(hashes.pdq) }))
  return {
    needsPdq: near.length > 0,
    lists: ordered.map(({ digest }) => digest),
    match: (picture) => {
      for (const kind of ['sha256', 'sha1', 'md5'] as const) {
        const list = exact.find((each) => each.kind === kind && each.hashes.has(picture[kind]))
        if (list) return { hit: true, list: list.digest, kind }
      }
      if (!picture.pdq || picture.pdq.quality < PDQ_MIN_QUALITY) return { hit: false }
      const probe = packPdq([picture.pdq.hash])
      const list = near.find(({ words }) => hasNear(words, probe, pdqThreshold))
      return list ? { hit: true, list: list.digest, kind: 'pdq' } : { hit: false }
    },
  }
}

/** The cryptographic hashes of a picture's bytes, lowercase hex. */
export function hashPictureBytes(bytes: Uint8Array): Pick<PictureHashes, 'md5' | 'sha1' | 'sha256'> {
  const hash = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex')
  return { md5: hash('md5'), sha1: hash('sha1'), sha256: hash('sha256') }
}

function packPdq(hashes: string[]): Uint32Array {
  const words = new Uint32Array(hashes.length * PDQ_WORDS)
  hashes.forEach((hash, index) => {
    for (let word = 0; word < PDQ_WORDS; word++) {
      words[index * PDQ_WORDS + word] = Number.parseInt(hash.slice(8 * word, 8 * word + 8), 16)
    }
  })
  return words
}

/** Scans the list: some 15 ns a hash, so a million of them cost about what decoding the picture did. */
function hasNear(words: Uint32Array, probe: Uint32Array, threshold: number): boolean {
  for (let at = 0; at < words.length; at += PDQ_WORDS) {
    let distance = 0
    for (let word = 0; word < PDQ_WORDS && distance <= threshold; word++) {
      distance += popCount(words[at + word]! ^ probe[word]!)
    }
    if (distance <= threshold) return true
  }
  return false
}

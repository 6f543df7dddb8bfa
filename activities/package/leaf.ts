import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ReleaseRow } from '../../schema/contracts/release-row.ts'

/** A row before its picture and its leaf are added: what the leaf binds. */
export type BoundRow = Omit<ReleaseRow, 'image' | 'leaf'>

const LEAF_PREFIX = Buffer.of(0)

/**
 * Leaf hash of a row in the release's Merkle tree (RFC 6962):
 * SHA-256(0x00 ‖ key as UTF-8 ‖ SHA-256(canonical JSON of the row without `image` and `leaf`)), 32 bytes.
 */
export function rowLeaf(row: BoundRow): Buffer {
  return leafHash(row.key, createHash('sha256').update(canonicalRow(row)).digest())
}

/** Leaf hash from the key and the digest of the row: all that a proof has to show. */
export function leafHash(key: string, rowDigest: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF_PREFIX).update(key, 'utf8').update(rowDigest).digest()
}

/**
 * RFC 8785 JSON of the bound columns. Every column is named here, so a property that is not a column never enters,
 * and one that is missing is a type error.
 */
export function canonicalRow(row: BoundRow): string {
  const { title, heading, before, after } = row.context
  const bound: Record<keyof BoundRow, unknown> = {
    key: row.key,
    lang: row.lang,
    script: row.script,
    split: row.split,
    in_know: row.in_know,
    in_ling: row.in_ling,
    in_thick: row.in_thick,
    alt_text: row.alt_text,
    alt_source: row.alt_source,
    alt_type: row.alt_type,
    alt_others: row.alt_others.map(({ text, source, page_url }) => ({ text, source, page_url })),
    context: { title, heading, before, after },
    caption_pivot: row.caption_pivot,
    caption_ling: row.caption_ling,
    caption_thick: row.caption_thick,
    page_url: row.page_url,
    image_url: row.image_url,
    licence: row.licence,
    rights: row.rights,
    fetched_sha256: row.fetched_sha256,
    image_sha256: row.image_sha256,
    pdq: row.pdq,
    width: row.width,
    height: row.height,
    scores: row.scores,
  }
  return canonicalize(bound) as string
}

import { InvariantError } from '../../schema/contracts/errors.ts'
import type { LanguageCounts, MerkleHead } from '../../schema/contracts/release-manifest.ts'
import { Counts } from './counts.ts'
import { canonicalRow, rowLeaf, type BoundRow } from './leaf.ts'
import { MerkleTree } from './merkle.ts'

/** A file to be written: the rows of one language (and split) with first ≤ key ≤ last, in key order. */
export interface PlannedFile {
  /** Relative path in the release, forward slashes. */
  path: string
  lang: string
  /** Null for lineage, which does not divide by split. */
  split: string | null
  rows: number
  firstKey: string
  lastKey: string
}

export interface PlanOptions {
  /** Upper bound of a data file, MiB (the spec's `package.shard_mib`). One row larger than that gets a file of its own. */
  shardMib: number
  /** Rows of a lineage part. */
  lineageRows?: number
}

export interface PlannedRelease {
  tree: MerkleHead
  data: PlannedFile[]
  lineage: PlannedFile[]
  counts: Record<string, LanguageCounts>
}

/** Names become paths, and readers of the folder split them at hyphens: a split has none. */
const SAFE_LANG = /^[A-Za-z0-9-]+$/
const SAFE_SPLIT = /^[A-Za-z0-9_]+$/

const LINEAGE_ROWS = 20_000

/** Footer, page headers and levels that a row costs beyond its own bytes: 40 chunks of metadata a row group of 100. */
const ROW_OVERHEAD_BYTES = 160
const FILE_OVERHEAD_BYTES = 32 * 1024
/** Pages and row groups of very large rows: their headers are below this share of the picture. */
const PICTURE_OVERHEAD = 1.001

/** Bytes that a row takes in its file at most: its canonical JSON is longer than its plain columns. */
export function rowBytes(row: BoundRow, pictureBytes: number): number {
  return Math.ceil(pictureBytes * PICTURE_OVERHEAD) + Buffer.byteLength(canonicalRow(row)) + ROW_OVERHEAD_BYTES
}

interface OpenFile {
  rows: number
  bytes: number
  firstKey: string
  lastKey: string
}

/**
 * Plan of a whole release, from its rows in key order: which file each row goes to, the Merkle tree and the counts.
 * A function of the order and the sizes alone. Memory grows with the number of files, not of rows.
 */
export class ReleasePlan {
  readonly #limit: number
  readonly #lineageRows: number
  readonly #tree = new MerkleTree()
  readonly #data = new Map<string, OpenFile[]>()
  readonly #lineage = new Map<string, OpenFile[]>()
  readonly #counts = new Counts()
  #lastKey = ''

  constructor({ shardMib, lineageRows = LINEAGE_ROWS }: PlanOptions) {
    this.#limit = shardMib * 1024 * 1024
    this.#lineageRows = lineageRows
  }

  /**
   * The next row, `pictureBytes` long as released (0 for links); gives its leaf hash.
   * InvariantError ROWS_UNSORTED when keys do not rise, UNSAFE_NAME for a language or split that cannot be a file name.
   */
  add(row: BoundRow, pictureBytes: number): Buffer {
    if (row.key <= this.#lastKey) {
      throw new InvariantError('ROWS_UNSORTED', `rows are not in key order: ${row.key} after ${this.#lastKey}`)
    }
    this.#lastKey = row.key
    if (!SAFE_LANG.test(row.lang) || !SAFE_SPLIT.test(row.split)) {
      throw new InvariantError('UNSAFE_NAME', `language "${row.lang}" or split "${row.split}" cannot be a file name`)
    }
    const bytes = rowBytes(row, pictureBytes)
    const full = (file: OpenFile) => file.bytes + bytes > this.#limit
    place(this.#data, JSON.stringify([row.lang, row.split]), row.key, bytes, full)
    place(this.#lineage, row.lang, row.key, bytes, (file) => file.rows >= this.#lineageRows)
    this.#counts.add(row)
    const leaf = rowLeaf(row)
    this.#tree.add(leaf)
    return leaf
  }

  finish(): PlannedRelease {
    const data = [...this.#data].flatMap(([group, files]) => {
      const [lang, split] = JSON.parse(group) as [string, string]
      const of = number(files.length)
      return files.map((file, n) => planned(`data/${lang}/${split}-${number(n)}-of-${of}.parquet`, lang, split, file))
    })
    const lineage = [...this.#lineage].flatMap(([lang, files]) =>
      files.map((file, n) => planned(`lineage/${lang}/part-${number(n)}.parquet`, lang, null, file)),
    )
    const tree = { alg: 'rfc6962-sha256' as const, size: this.#tree.size, root: this.#tree.root().toString('hex') }
    return { tree, data: byPath(data), lineage: byPath(lineage), counts: this.#counts.all() }
  }
}

function place(
  groups: Map<string, OpenFile[]>,
  group: string,
  key: string,
  bytes: number,
  full: (file: OpenFile) => boolean,
): void {
  const files = groups.get(group) ?? []
  if (files.length === 0) groups.set(group, files)
  let file = files.at(-1)
  if (!file || full(file)) files.push((file = { rows: 0, bytes: FILE_OVERHEAD_BYTES, firstKey: key, lastKey: key }))
  file.rows++
  file.bytes += bytes
  file.lastKey = key
}

const number = (n: number) => String(n).padStart(5, '0')

function planned(path: string, lang: string, split: string | null, { rows, firstKey, lastKey }: OpenFile): PlannedFile {
  return { path, lang, split, rows, firstKey, lastKey }
}

/** WebDataset shards, which hold the same rows as the data files, one each. */
export function webdatasetFiles(data: readonly PlannedFile[]): PlannedFile[] {
  return data.map((file) => ({
    ...file,
    path: file.path.replace(/^data\//, 'webdataset/').replace(/-of-\d+\.parquet$/, '.tar'),
  }))
}

/** Conversation files: one for each language and split. */
export function conversationFiles(data: readonly PlannedFile[]): PlannedFile[] {
  const groups = Map.groupBy(data, ({ lang, split }) => `sft/${lang}/${split}.jsonl`)
  return [...groups].map(([path, files]) => {
    const rows = files.reduce((sum, file) => sum + file.rows, 0)
    return { ...files[0]!, path, rows, lastKey: files.at(-1)!.lastKey }
  })
}

/** Order of paths everywhere: by code units. */
export function byPath<T extends { path: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

import type { MerkleHead } from '../../schema/contracts/release-manifest.ts'
import { releaseColumns } from '../package/columns.ts'
import { MerkleTree } from '../package/merkle.ts'
import type { DataFile } from './check-rows.ts'
import type { FolderReader } from './folder.ts'
import type { Report } from './findings.ts'
import { mergeByKey } from './merge-keys.ts'
import { readParquet } from './read-parquet.ts'

export interface KeyedLeaf {
  key: string
  leaf: string
  lang: string
}

/** Key and leaf of every row, in key order over all languages and splits; O(files) memory. */
export function leavesInOrder(
  folder: FolderReader,
  files: readonly DataFile[],
  scoreNames: readonly string[],
): AsyncGenerator<KeyedLeaf> {
  const groups = Map.groupBy(files, ({ lang, split }) => `${lang}/${split}`)
  return mergeByKey([...groups.values()].map((group) => leavesOf(folder, group, scoreNames)))
}

async function* leavesOf(
  folder: FolderReader,
  files: readonly DataFile[],
  scoreNames: readonly string[],
): AsyncGenerator<KeyedLeaf> {
  const columns = releaseColumns(scoreNames)
  for (const { path, lang } of files) {
    await using file = await folder.open(path)
    for await (const row of readParquet(file, columns, ['key', 'leaf']))
      yield { key: String(row['key']), leaf: String(row['leaf']), lang }
  }
}

/**
 * Size and root over all leaves, and that keys rise over the whole release. `onKey` sees every key in order, so that
 * other lists can be compared in the same pass.
 */
export async function checkTree(
  leaves: AsyncIterable<KeyedLeaf>,
  expected: MerkleHead,
  onKey: (row: KeyedLeaf) => Promise<void>,
  report: Report,
): Promise<string> {
  const tree = new MerkleTree()
  let last = ''
  for await (const row of leaves) {
    if (row.key <= last) report(null, `keys do not rise: ${row.key} after ${last}`)
    last = row.key
    tree.add(Buffer.from(row.leaf, 'hex'))
    await onKey(row)
  }
  const root = tree.root().toString('hex')
  if (tree.size !== expected.size) report(null, `tree has ${tree.size} leaves, the manifest says ${expected.size}`)
  if (root !== expected.root) report(null, `root is ${root}, the manifest says ${expected.root}`)
  return `root ${root} over ${tree.size} rows`
}

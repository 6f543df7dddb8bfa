import type { ObjectStore } from '../../infra/objects.ts'
import type { RowArtifact } from '../../schema/queries/release-files.ts'
import { type BoundRow, canonicalRow } from './leaf.ts'

export interface StoredRow {
  row: BoundRow
  pictureBytes: number
}

/** Rows of a shard as one object: a line each, canonical JSON of the row behind the length of its picture in bytes. */
export function encodeRows(rows: readonly StoredRow[]): Buffer {
  return Buffer.from(rows.map(({ row, pictureBytes }) => `${pictureBytes} ${canonicalRow(row)}\n`).join(''), 'utf8')
}

/** Rows of artifacts in order, one artifact in memory at a time. */
export async function* readRows(store: ObjectStore, artifacts: readonly RowArtifact[]): AsyncGenerator<StoredRow> {
  for (const artifact of artifacts) {
    for (const line of (await store.get(artifact.sha)).toString('utf8').split('\n')) {
      if (line === '') continue
      const space = line.indexOf(' ')
      yield { pictureBytes: Number(line.slice(0, space)), row: JSON.parse(line.slice(space + 1)) as BoundRow }
    }
  }
}

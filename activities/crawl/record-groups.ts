import type { ScannedRecord } from '../../infra/warc-scan.ts'

/** Records looked into at a time, by number and by bytes of their blocks: as many as keep the threads for pages busy. */
const GROUP_RECORDS = 8
const GROUP_BYTES = 16 * 1024 * 1024

/** What `take` makes of the records of an archive, some at a time and in their order; its fault ends the reading. */
export async function* inGroups<Taken>(
  records: AsyncIterable<ScannedRecord>,
  take: (record: ScannedRecord) => Promise<Taken>,
): AsyncGenerator<Taken[]> {
  let group: Promise<Taken>[] = []
  let bytes = 0
  for await (const record of records) {
    const taking = take(record)
    // It is heard of when the group settles, also when the file can't be read on before that.
    taking.catch(() => {})
    group.push(taking)
    bytes += record.kind === 'record' ? record.block.length : 0
    if (group.length < GROUP_RECORDS && bytes < GROUP_BYTES) continue
    yield await Promise.all(group)
    group = []
    bytes = 0
  }
  if (group.length > 0) yield await Promise.all(group)
}

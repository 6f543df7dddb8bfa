/** Something with a key, from one of several streams that are each in key order. */
export interface Keyed {
  key: string
}

/**
 * One stream in key order from several: O(streams) memory. Each stream must be in order itself; the result then is.
 * Keys compare by code units, as everywhere.
 */
export async function* mergeByKey<T extends Keyed>(streams: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]())
  const heads: IteratorResult<T>[] = []
  try {
    for (const iterator of iterators) heads.push(await iterator.next())
    for (;;) {
      let least = -1
      for (let n = 0; n < heads.length; n++) {
        const head = heads[n]!
        if (!head.done && (least < 0 || head.value.key < (heads[least]!.value as T).key)) least = n
      }
      if (least < 0) return
      yield heads[least]!.value as T
      heads[least] = await iterators[least]!.next()
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.()
  }
}

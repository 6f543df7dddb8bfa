import type { Neighbour } from './leader-rule.ts'

/** Something that has a picture's PDQ. */
export interface HasPdq {
  /** 64 hex digits; null for one that takes part in exact layers only (quality under 50). */
  pdq: string | null
}

/** Two distinct PDQ values and their distance in bits. */
export type HashPair = readonly [first: string, second: string, distance: number]

/**
 * Who is near whom among the items: those of equal PDQ (distance 0) and those of a near one. The survey pairs
 * distinct PDQ values, so a picture that stands under many samples is searched once.
 */
export function createNeighbours<Item extends HasPdq>(
  items: readonly Item[],
  pairs: Iterable<HashPair>,
): (item: Item) => Iterable<Neighbour<Item>> {
  const byHash = new Map<string, Item[]>()
  for (const item of items) if (item.pdq !== null) listOf(byHash, item.pdq).push(item)
  const near = new Map<string, [hash: string, distance: number][]>()
  for (const [first, second, distance] of pairs) {
    if (!byHash.has(first) || !byHash.has(second)) continue
    listOf(near, first).push([second, distance])
    listOf(near, second).push([first, distance])
  }
  return function* neighboursOf(item) {
    if (item.pdq === null) return
    for (const node of byHash.get(item.pdq) ?? []) if (node !== item) yield { node, distance: 0 }
    for (const [hash, distance] of near.get(item.pdq) ?? []) {
      for (const node of byHash.get(hash)!) yield { node, distance }
    }
  }
}

function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

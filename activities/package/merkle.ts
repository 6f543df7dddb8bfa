import { createHash } from 'node:crypto'

const NODE_PREFIX = Buffer.of(1)

/** Hash of an inner node (RFC 6962, 2.1): SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest()
}

/**
 * Merkle tree over leaf hashes that arrive in order (RFC 6962). It holds one hash for each complete subtree, so memory
 * is O(log n) in the number of leaves.
 */
export class MerkleTree {
  #size = 0
  /** Roots of complete subtrees, largest first; one for each bit set in the size. */
  readonly #peaks: Uint8Array[] = []

  get size(): number {
    return this.#size
  }

  add(leaf: Uint8Array): void {
    let hash = leaf
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = nodeHash(this.#peaks.pop()!, hash)
    this.#peaks.push(hash)
    this.#size++
  }

  /** Root over the leaves so far; of no leaves, the hash of nothing, as the RFC says. */
  root(): Buffer {
    const root = this.#peaks.reduceRight<Uint8Array | undefined>(
      (right, left) => (right ? nodeHash(left, right) : left),
      undefined,
    )
    return root ? Buffer.from(root) : createHash('sha256').digest()
  }
}

/** Half-open range of leaf positions. */
interface Range {
  start: number
  end: number
}

/**
 * Inclusion proof of the leaf at `index` in a tree of `size` leaves, read once from all leaves in order; sibling
 * hashes from the leaf upwards. Memory is O(log n). RangeError when the index lies outside or the leaves are not `size`.
 */
export async function inclusionProof(
  leaves: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  index: number,
  size: number,
): Promise<Buffer[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError(`leaf ${index} is not in a tree of ${size}`)
  const siblings = siblingRanges(index, size)
  const inOrder = siblings
    .map((range) => ({ range, tree: new MerkleTree() }))
    .sort((a, b) => a.range.start - b.range.start)
  let position = 0
  let next = 0
  for await (const leaf of leaves) {
    while (next < inOrder.length && position >= inOrder[next]!.range.end) next++
    const current = inOrder[next]
    if (current && position >= current.range.start) current.tree.add(leaf)
    position++
  }
  if (position !== size) throw new RangeError(`${position} leaves given for a tree of ${size}`)
  const roots = new Map(inOrder.map(({ range, tree }) => [range, tree.root()]))
  return siblings.map((range) => roots.get(range)!)
}

/** The subtrees beside the path from the leaf to the root, lowest first. */
function siblingRanges(index: number, size: number): Range[] {
  const ranges: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start)
    if (index < middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  return ranges.reverse()
}

/** The largest power of two smaller than `n` (n > 1). */
function largestPowerBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}

/**
 * Root that an inclusion proof leads to, undefined when the proof has the wrong length for that place
 * (RFC 9162, 2.1.3.2, whose trees are those of RFC 6962).
 */
export function rootFromProof(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Buffer | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return undefined
  let node = index
  let last = size - 1
  let hash: Uint8Array = leaf
  for (const sibling of proof) {
    if (last === 0) return undefined
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2)
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? Buffer.from(hash) : undefined
}

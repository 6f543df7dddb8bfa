import { randomInt } from 'node:crypto'
import type { FoundUrl } from '../../schema/queries/frontier.ts'

type Kind = FoundUrl['kind']

const KINDS: Readonly<Record<Kind, number>> = { page: 0, picture: 1, sitemap: 2 }
/** 32-bit words that an entry is known by. */
const WORDS = 4
/** Probing stays short in a table that is at most half full. */
const SLOTS_PER_ENTRY = 2

/**
 * Depths by digest and kind, in two flat arrays outside the heap: 18 bytes a slot, taken once, and nothing for the
 * collector to look through. A map of strings took 100 bytes an entry and grew with the crawl. 126 bits of a sha256 stand
 * for it: among 100,000 entries two that are taken for one are not to be expected within 10^28 questions.
 */
export class DigestDepths {
  /** Entries that it holds at most. */
  readonly most: number
  private readonly keys: Uint32Array
  /** One more than the depth; 0 where nothing is. */
  private readonly depths: Uint16Array
  private readonly mask: number
  /** Unknown to those who choose URLs: else a site could bring thousands whose digests all lie at one slot. */
  private readonly salts = Array.from({ length: 2 }, () => randomInt(2 ** 31) * 2 + 1)
  private size = 0

  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(most * SLOTS_PER_ENTRY))
    this.most = most
    this.mask = slots - 1
    this.keys = new Uint32Array(slots * WORDS)
    this.depths = new Uint16Array(slots)
  }

  get(sha: Buffer, kind: Kind): number | undefined {
    const depth = this.depths[this.slotOf(sha, kind)] as number
    return depth === 0 ? undefined : depth - 1
  }

  /** False, and nothing kept, when it is full. */
  set(sha: Buffer, kind: Kind, depth: number): boolean {
    const slot = this.slotOf(sha, kind)
    if (this.depths[slot] === 0) {
      if (this.size === this.most) return false
      this.size += 1
      for (let word = 0; word < WORDS; word += 1) this.keys[slot * WORDS + word] = wordOf(sha, kind, word)
    }
    this.depths[slot] = depth + 1
    return true
  }

  clear(): void {
    this.depths.fill(0)
    this.size = 0
  }

  /** Where the entry is, or the free slot where it would be. */
  private slotOf(sha: Buffer, kind: Kind): number {
    for (let slot = this.firstSlot(sha, kind); ; slot = (slot + 1) & this.mask) {
      if (this.depths[slot] === 0 || this.holds(slot, sha, kind)) return slot
    }
  }

  /** The upper half of a product depends on all bits below it. */
  private firstSlot(sha: Buffer, kind: Kind): number {
    const [one, other] = this.salts as [number, number]
    const mixed = Math.imul(wordOf(sha, kind, 0), one) + Math.imul(wordOf(sha, kind, WORDS - 1), other)
    return ((mixed ^ (mixed >>> 16)) >>> 0) & this.mask
  }

  private holds(slot: number, sha: Buffer, kind: Kind): boolean {
    for (let word = 0; word < WORDS; word += 1)
      if (this.keys[slot * WORDS + word] !== wordOf(sha, kind, word)) return false
    return true
  }
}

/** The kind takes the last two bits. */
function wordOf(sha: Buffer, kind: Kind, word: number): number {
  const bits = sha.readUInt32LE(word * 4)
  return word === WORDS - 1 ? ((bits & ~3) | KINDS[kind]) >>> 0 : bits
}

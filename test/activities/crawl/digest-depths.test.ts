import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { DigestDepths } from '../../../activities/crawl/digest-depths.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

it('agrees with a map over thousands of entries, other kinds and digests that share a slot', () => {
  const depths = new DigestDepths(3_000)
  const map = new Map<string, number>()
  for (let at = 0; at < 3_000; at += 1) {
    const sha = digest(String(at % 2_000))
    // Of digests that differ in few bits, some come to the same slot.
    if (at % 3 === 0) sha.writeUInt32LE(5, 0)
    const kind = at % 5 === 0 ? 'picture' : 'page'
    expect(depths.set(sha, kind, at)).toBe(true)
    map.set(`${kind} ${sha.toString('hex')}`, at)
  }
  for (const kind of ['page', 'picture', 'sitemap'] as const)
    for (let at = 0; at < 2_500; at += 1) {
      const sha = digest(String(at))
      const alike = Buffer.from(sha)
      alike.writeUInt32LE(5, 0)
      for (const one of [sha, alike]) expect(depths.get(one, kind)).toBe(map.get(`${kind} ${one.toString('hex')}`))
    }
})

it('takes no more than it was made for, and a known one anew', () => {
  const depths = new DigestDepths(2)
  expect(depths.set(digest('a'), 'page', 1)).toBe(true)
  expect(depths.set(digest('b'), 'page', 32_001)).toBe(true)
  expect(depths.set(digest('c'), 'page', 1)).toBe(false)
  expect(depths.set(digest('b'), 'page', 0)).toBe(true)
  expect(['a', 'b', 'c'].map((name) => depths.get(digest(name), 'page'))).toEqual([1, 0, undefined])
})

it('is empty after it was cleared', () => {
  const depths = new DigestDepths(2)
  depths.set(digest('a'), 'page', 1)
  depths.clear()
  expect(depths.get(digest('a'), 'page')).toBeUndefined()
  expect(['b', 'c'].map((name) => depths.set(digest(name), 'page', 1))).toEqual([true, true])
})

it('is not slowed down by digests that were chosen to end alike', () => {
  const most = 20_000
  const depths = new DigestDepths(most)
  let compared = 0
  const sha = digest('chosen')
  const counting = new Proxy(sha, {
    get: (target, name) => {
      if (name === 'readUInt32LE') compared += 1
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
  for (let at = 0; at < most; at += 1) {
    sha.writeUInt32LE((at << 17) >>> 0, 0)
    sha.writeUInt32LE(at, 4)
    sha.writeUInt32LE((at >>> 15) << 2, 12)
    depths.set(counting, 'page', 1)
  }
  // Some ten words an entry; a chain through all of them would read thousands.
  expect(compared / most).toBeLessThan(100)
})

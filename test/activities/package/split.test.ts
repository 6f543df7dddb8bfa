import { expect, test } from 'vitest'
import { drawSplit } from '../../../activities/package/split.ts'
import { digestOf } from '../../support/facts.ts'

const SECRET = Buffer.alloc(32, 7)
const draw = (no: number, splits: Record<string, number>, secret: Buffer = SECRET) =>
  drawSplit(secret, digestOf(`picture ${no}`), splits)

/** By Python: int.from_bytes(hmac.new(secret, b'split\0' + digest, 'sha256').digest()[:6]) / 2 ** 48, four decimals. */
const DRAWN = [0.1012, 0.9464, 0.2401, 0.8812, 0.9624, 0.8209, 0.8886, 0.8762]

test('a split is drawn by keyed hash, its share at a place in the order of names', () => {
  const splits = { train: 0.5, test: 0.3, dev: 0.2 }
  const expected = DRAWN.map((drawn) => (drawn < 0.2 ? 'dev' : drawn < 0.5 ? 'test' : 'train'))
  expect(DRAWN.map((_, no) => draw(no, splits))).toEqual(expected)
  expect(new Set(expected)).toEqual(new Set(['dev', 'test', 'train']))
  expect(DRAWN.map((_, no) => draw(no, { dev: 0.2, test: 0.3, train: 0.5 }))).toEqual(expected)
})

test('another key draws anew', () => {
  const splits = { train: 0.5, test: 0.5 }
  const drawn = (secret: Buffer) => Array.from({ length: 64 }, (_, no) => draw(no, splits, secret)).join()
  expect(drawn(Buffer.alloc(32, 8))).not.toBe(drawn(SECRET))
})

test('a release of one split has no other, and shares that add up to a little less lose no picture', () => {
  const numbers = Array.from({ length: 100 }, (_, no) => no)
  expect(new Set(numbers.map((no) => draw(no, { all: 1 })))).toEqual(new Set(['all']))
  expect(new Set(numbers.map((no) => draw(no, { a: 0, b: 1e-9 })))).toEqual(new Set(['b']))
})

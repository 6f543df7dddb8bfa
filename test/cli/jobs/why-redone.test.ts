import { expect, it } from 'vitest'
import { whyRedone } from '../../../cli/jobs/why-redone.ts'

const count = { step: 'normalise', done: 10, computed: 10 }
const body = { rev: 1, config: { quality: 90, size: { max_side: 1024 } }, tools: { sharp: '1.0.0' } }

it('says nothing of a step that computed nothing', () => {
  expect(whyRedone({ ...count, computed: 0 }, body, { ...body, rev: 2 })).toBe('')
})

it('names the key of the config that is another, with both values', () => {
  const now = { ...body, config: { quality: 80, size: { max_side: 1024 } } }
  expect(whyRedone(count, body, now)).toBe('definition changed: config quality 90 -> 80')
})

it('names a nested key by its path', () => {
  const now = { ...body, config: { quality: 90, size: { max_side: 512 } } }
  expect(whyRedone(count, body, now)).toBe('definition changed: config size.max_side 1024 -> 512')
})

it('names a raised rev and another tool together', () => {
  expect(whyRedone(count, body, { ...body, rev: 2, tools: { sharp: '1.0.1' } })).toBe(
    'definition changed: rev 1 -> 2; tools sharp "1.0.0" -> "1.0.1"',
  )
})

it('counts new inputs of a step whose definition is the same', () => {
  expect(whyRedone({ ...count, computed: 3 }, body, body)).toBe('inputs changed: 3 of 10 are new')
})

it('counts what it does not name', () => {
  const now = { ...body, config: { a: 1, b: 2, c: 3, d: 4, quality: 90, size: { max_side: 1024 } } }
  expect(whyRedone(count, body, now)).toBe(
    'definition changed: config a none -> 1, b none -> 2, c none -> 3, and 1 more',
  )
})

it('says of files that they are made for each release', () => {
  expect(whyRedone({ ...count, step: 'package-file' }, undefined, undefined)).toBe('made for each release')
})

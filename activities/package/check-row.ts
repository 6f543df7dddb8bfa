import { createHash } from 'node:crypto'
import type { ReleaseRow } from '../../schema/contracts/release-row.ts'
import { rowLeaf } from './leaf.ts'

/** What a row has to agree with besides itself. */
export interface RowFrame {
  lang: string
  split: string
  scoreNames: readonly string[]
  images: 'bytes' | 'links'
}

const NEVER_NULL: (keyof ReleaseRow)[] = [
  'key',
  'leaf',
  'lang',
  'script',
  'split',
  'in_know',
  'in_ling',
  'in_thick',
  'alt_others',
  'context',
  'rights',
  'fetched_sha256',
  'image_sha256',
  'width',
  'height',
  'scores',
]

const HEX_64 = /^[0-9a-f]{64}$/

/**
 * Everything in which a row breaks its contract, empty when it keeps it: form of digests, strings well-formed and
 * without NUL, flags that say whether their text is there, doubles rounded to 4 decimals, the leaf, the picture's digest.
 */
export function rowProblems(row: ReleaseRow, frame: RowFrame): string[] {
  const missing = NEVER_NULL.filter((name) => row[name] === null)
  if (missing.length > 0) return missing.map((name) => `${name} is null`)
  return [
    ...placeProblems(row, frame),
    ...textProblems(row),
    ...numberProblems(row, frame),
    ...imageProblems(row, frame),
    ...leafProblems(row),
  ]
}

function* placeProblems(row: ReleaseRow, frame: RowFrame): Generator<string> {
  if (row.lang !== frame.lang) yield `lang is ${row.lang}, the file's is ${frame.lang}`
  if (row.split !== frame.split) yield `split is ${row.split}, the file's is ${frame.split}`
  for (const name of ['key', 'fetched_sha256', 'image_sha256'] as const) {
    if (!HEX_64.test(row[name])) yield `${name} is not 64 lowercase hex digits`
  }
  if (row.pdq !== null && !HEX_64.test(row.pdq)) yield 'pdq is not 64 lowercase hex digits'
}

function* textProblems(row: ReleaseRow): Generator<string> {
  const flags = { in_know: row.alt_text, in_ling: row.caption_ling, in_thick: row.caption_thick }
  for (const [flag, text] of Object.entries(flags)) {
    if (row[flag as keyof typeof flags] !== (text !== null)) yield `${flag} is not whether its text is there`
  }
  if (!row.in_know && !row.in_ling && !row.in_thick) yield 'no text at all'
  for (const [place, value] of strings(row)) {
    if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0'))
      yield `${place} is not a well-formed string without NUL`
  }
}

/** Every string of a row with its place; members of `alt_others` are never null. */
function* strings(row: ReleaseRow): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries({ ...row, ...row.context }))
    if (typeof value === 'string') yield [name, value]
  for (const other of row.alt_others)
    for (const [name, value] of Object.entries(other)) yield [`alt_others.${name}`, value]
}

function* numberProblems(row: ReleaseRow, { scoreNames }: RowFrame): Generator<string> {
  for (const name of ['width', 'height'] as const) {
    if (!Number.isInteger(row[name]) || row[name] < 1 || row[name] >= 2 ** 31) yield `${name} is not a positive int32`
  }
  const names = Object.keys(row.scores).sort()
  if (names.join() !== [...scoreNames].sort().join())
    yield `scores are ${names.join()}, not ${[...scoreNames].sort().join()}`
  for (const [name, value] of Object.entries(row.scores)) {
    if (value !== null && !isRounded(value)) yield `score ${name} is not rounded to 4 decimals`
  }
}

const isRounded = (value: number) =>
  Number.isFinite(value) && Number(value.toFixed(4)) === value && !Object.is(value, -0)

function* imageProblems({ key, image, image_sha256 }: ReleaseRow, { images }: RowFrame): Generator<string> {
  if (images === 'links') {
    if (image !== null) yield 'image is there, the spec says links'
  } else if (!image?.bytes) {
    yield 'image has no bytes'
  } else {
    if (createHash('sha256').update(image.bytes).digest('hex') !== image_sha256) yield 'image is not image_sha256'
    if (!image.path?.startsWith(`${key}.`)) yield 'image path is not made of the key'
  }
}

function* leafProblems(row: ReleaseRow): Generator<string> {
  try {
    if (rowLeaf(row).toString('hex') !== row.leaf) yield 'leaf is not that of the columns'
  } catch (error) {
    yield `no leaf: ${(error as Error).message}`
  }
}

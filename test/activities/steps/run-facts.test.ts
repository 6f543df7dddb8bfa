import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { chunksOf, type FactInput } from '../../../activities/steps/run-facts.ts'

function inputs(from: number, to: number): FactInput<null>[] {
  return Array.from({ length: to - from }, (_, index) => ({
    no: from + index,
    digest: createHash('sha256')
      .update(String(from + index))
      .digest(),
    input: null,
  }))
}

function ranges(chunks: { inputs: FactInput<null>[]; tries: number }[]) {
  return chunks.map(({ inputs: [first, ...rest], tries }) => [first?.no, rest.at(-1)?.no ?? first?.no, tries])
}

it('cuts a list into chunks of fifty', () => {
  expect(ranges(chunksOf(inputs(0, 120), []))).toEqual([
    [0, 49, 0],
    [50, 99, 0],
    [100, 119, 0],
  ])
})

it('runs what a dead worker held by itself, once more as it was', () => {
  expect(ranges(chunksOf(inputs(0, 60), [{ first_no: 10, last_no: 29, tries: 1 }]))).toEqual([
    [10, 29, 1],
    [0, 59, 0],
  ])
})

it('halves what two workers died of', () => {
  expect(ranges(chunksOf(inputs(0, 8), [{ first_no: 0, last_no: 7, tries: 2 }]))).toEqual([
    [0, 3, 1],
    [4, 7, 1],
  ])
})

it('counts the deaths of an input from the moment it stands alone', () => {
  expect(ranges(chunksOf(inputs(0, 2), [{ first_no: 0, last_no: 1, tries: 2 }]))).toEqual([
    [0, 0, 0],
    [1, 1, 0],
  ])
  expect(ranges(chunksOf(inputs(1, 2), [{ first_no: 1, last_no: 1, tries: 3 }]))).toEqual([[1, 1, 3]])
})

it('finds the input that ends its worker by halving, and loses no other', () => {
  const poison = 37
  let todo = inputs(0, 50)
  let flights: { first_no: number; last_no: number; tries: number }[] = []
  let deaths = 0
  for (;;) {
    const chunk = chunksOf(todo, flights)[0]
    if (!chunk) break
    const numbers = chunk.inputs.map((one) => one.no)
    if (numbers.length === 1 && chunk.tries >= 3) {
      expect(numbers).toEqual([poison])
      todo = todo.filter((one) => one.no !== poison)
      flights = []
      break
    }
    const held = { first_no: numbers[0] as number, last_no: numbers.at(-1) as number, tries: chunk.tries + 1 }
    flights = flights.filter((one) => one.first_no > held.last_no || one.last_no < held.first_no)
    if (numbers.includes(poison)) {
      deaths += 1
      flights.push(held)
      expect(deaths).toBeLessThan(30)
    } else todo = todo.filter((one) => !numbers.includes(one.no))
  }
  expect(deaths).toBeLessThanOrEqual(20)
  for (const chunk of chunksOf(todo, flights)) todo = todo.filter((one) => !chunk.inputs.includes(one))
  expect(todo).toEqual([])
})

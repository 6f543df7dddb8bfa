import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { streamFromThread } from '../../infra/thread-stream.ts'
import type { TrialStreamInput } from '../threads/trial-stream-thread.ts'

function aStream({ chunks = 3, then = 'end' as TrialStreamInput['then'] } = {}) {
  const written = new Int32Array(new SharedArrayBuffer(4))
  const input: TrialStreamInput = { chunks, written, then }
  const stream = streamFromThread(new URL('../threads/trial-stream-thread.ts', import.meta.url), input)
  return { stream, written }
}

async function readAll(stream: ReturnType<typeof streamFromThread>) {
  const numbers: number[] = []
  for (;;) {
    const next = await stream.next()
    if (next.done) return { numbers, end: next.value }
    numbers.push(...next.value)
  }
}

test('yields the chunks in their order and returns what the thread gives at the end', async () => {
  const { numbers, end } = await readAll(aStream({ chunks: 50 }).stream)
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index))
  expect(end).toEqual({ chunks: 50 })
})

test('makes the thread wait for a slow reader', async () => {
  const { stream, written } = aStream({ chunks: 1_000 })
  await stream.next()
  await sleep(300)
  expect(Atomics.load(written, 0)).toBeLessThanOrEqual(8)
  expect((await readAll(stream)).numbers).toHaveLength(999)
})

test('throws the error of the thread after its chunks', async () => {
  const { stream } = aStream({ chunks: 2, then: 'fail' })
  expect([(await stream.next()).value, (await stream.next()).value]).toEqual([Uint32Array.of(0), Uint32Array.of(1)])
  await expect(stream.next()).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'TRIAL_FAILED',
    details: { chunks: 2 },
  })
})

test('says so when the thread ends without a word', async () => {
  await expect(readAll(aStream({ chunks: 0, then: 'exit' }).stream)).rejects.toMatchObject({ code: 'THREAD_CRASHED' })
})

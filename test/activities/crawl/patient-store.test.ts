import { expect, test } from 'vitest'
import { createPatientStore, PATIENCE_MS } from '../../../activities/crawl/patient-store.ts'
import type { ObjectStore } from '../../../infra/objects.ts'
import { TransientError } from '../../../schema/contracts/errors.ts'

const SHA = Buffer.alloc(32, 1)

/** A store that is full for the first `times` puts, and a clock that only sleeping moves. */
function aFullStore(times: number, code = 'STORE_FULL') {
  const stop = new AbortController()
  const seen = { puts: 0, clock: 0 }
  const unused = () => Promise.reject(new Error('not asked for'))
  const store: ObjectStore = {
    put: () => {
      seen.puts += 1
      return seen.puts <= times ? Promise.reject(new TransientError(code, 'full')) : Promise.resolve(SHA)
    },
    get: unused,
    getRange: unused,
    has: unused,
    requireRoom: unused,
    locate: () => '',
  }
  const sleep = (ms: number) => {
    seen.clock += ms
    return Promise.resolve()
  }
  return { seen, stop, store: createPatientStore(store, { now: () => seen.clock, sleep, signal: stop.signal }) }
}

test('waits while the store is full', async () => {
  const { store, seen } = aFullStore(5)
  expect(await store.put(SHA)).toBe(SHA)
  expect(seen.puts).toBe(6)
})

test('gives up after its patience, and at once when it is stopped', async () => {
  const lasting = aFullStore(Number.POSITIVE_INFINITY)
  await expect(lasting.store.put(SHA)).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(lasting.seen.clock).toBe(PATIENCE_MS)
  const stopped = aFullStore(Number.POSITIVE_INFINITY)
  stopped.stop.abort()
  await expect(stopped.store.put(SHA)).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(stopped.seen).toEqual({ puts: 1, clock: 0 })
})

test('any other fault is not waited for', async () => {
  const { store, seen } = aFullStore(1, 'STORE_FAULT')
  await expect(store.put(SHA)).rejects.toMatchObject({ code: 'STORE_FAULT' })
  expect(seen.puts).toBe(1)
})

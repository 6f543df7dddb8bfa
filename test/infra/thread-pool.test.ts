import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { type ThreadPool, createThreadPool } from '../../infra/thread-pool.ts'
import type { TrialTask } from '../threads/trial-thread.ts'

const pools: ThreadPool[] = []

function aPool(
  changes: { threads?: number; spare?: number; ahead?: number; maxQueued?: number; taskTimeoutMs?: number } = {},
) {
  const file = new URL('../threads/trial-thread.ts', import.meta.url)
  const pool = createThreadPool({ file, threads: 1, maxQueued: 10, taskTimeoutMs: 20_000, maxHeapMib: 64, ...changes })
  pools.push(pool)
  return { ...pool, run: (task: TrialTask, transfer?: ArrayBuffer[]) => pool.run(task, transfer) }
}

/** From here on the pool's limits pass only as a test says; threads go on in real time. */
const holdPoolClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })

const codeOf = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'none',
    (error: { code: string }) => error.code,
  )

afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

test('answers each task with its own result', async () => {
  const pool = aPool({ threads: 2 })
  const values = Array.from({ length: 8 }, (_, value) => value)
  expect(await Promise.all(values.map((value) => pool.run({ kind: 'echo', value })))).toEqual(values)
})

test('starts a thread ahead when it is told to, which the first task then has', async () => {
  const pool = aPool({ threads: 2 })
  let started = 0
  const count = () => (started += 1)
  process.on('worker', count)
  pool.start()
  pool.start()
  const before = await new Promise((resolve) => setImmediate(() => resolve(started)))
  await pool.run({ kind: 'echo', value: 1 })
  process.off('worker', count)
  expect([before, started]).toEqual([1, 1])
})

test('moves buffers there and back', async () => {
  const bytes = new Uint8Array(1000)
  const result = await aPool().run({ kind: 'bytes', bytes }, [bytes.buffer])
  expect(bytes.byteLength).toBe(0)
  expect(result).toEqual(new Uint8Array(1000).fill(99, 0, 1))
})

test('rejects with the error of the task, its class and its details, and goes on', async () => {
  const pool = aPool()
  await expect(pool.run({ kind: 'fail' })).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'TRIAL_FAILED',
    message: 'trial failed',
    details: { at: 7 },
  })
  await expect(pool.run({ kind: 'bug' })).rejects.toMatchObject({ name: 'InvariantError', code: 'THREAD_TASK_FAILED' })
  expect(await pool.run({ kind: 'echo', value: 1 })).toBe(1)
})

test.each([
  ['exit', 'exit code 3'],
  ['throw', 'out of nowhere'],
] as const)('rejects only the task under which the thread ended by %s, and replaces it', async (kind, reason) => {
  const pool = aPool()
  const crash = pool.run({ kind })
  const next = pool.run({ kind: 'echo', value: 'next' })
  await expect(crash).rejects.toMatchObject({ name: 'TransientError', code: 'THREAD_CRASHED', details: { reason } })
  expect(await next).toBe('next')
})

test('ends a thread that eats more memory than its limit, and replaces it', async () => {
  const pool = aPool()
  await expect(pool.run({ kind: 'eat' })).rejects.toMatchObject({
    code: 'THREAD_CRASHED',
    details: { reason: expect.stringContaining('memory limit') },
  })
  expect(await pool.run({ kind: 'echo', value: 1 })).toBe(1)
}, 30_000)

test('ends a thread that works too long, and replaces it', async () => {
  const pool = aPool({ taskTimeoutMs: 5_000 })
  await pool.run({ kind: 'echo', value: 'ready' })
  holdPoolClock()
  const codeOfSpin = codeOf(pool.run({ kind: 'spin' }))
  await sleep(50)
  vi.advanceTimersByTime(5_000)
  expect(await codeOfSpin).toBe('THREAD_TIMEOUT')
  expect(await pool.run({ kind: 'echo', value: 1 })).toBe(1)
})

test('refuses more waiting tasks than its limit', async () => {
  const pool = aPool({ maxQueued: 1 })
  const running = pool.run({ kind: 'wait', ms: 50 })
  const waiting = pool.run({ kind: 'echo', value: 1 })
  await expect(pool.run({ kind: 'echo', value: 2 })).rejects.toMatchObject({ code: 'THREAD_POOL_FULL' })
  expect(await Promise.all([running, waiting])).toEqual([null, 1])
})

test('a task that has waited for long gets a spare thread', async () => {
  const pool = aPool({ spare: 1 })
  const stuck = Promise.allSettled([pool.run({ kind: 'wait', ms: 60_000 })])
  expect(await pool.run({ kind: 'echo', value: 1 })).toBe(1)
  await pool.close()
  await stuck
})

test('tasks in the inbox of a thread that ends are given back, and blamed for nothing', async () => {
  const pool = aPool({ ahead: 2 })
  const tasks = [pool.run({ kind: 'exit' }), pool.run({ kind: 'echo', value: 1 }), pool.run({ kind: 'echo', value: 2 })]
  const codes = (await Promise.allSettled(tasks)).map((each) => (each.status === 'rejected' ? each.reason.code : each))
  expect(codes).toEqual(['THREAD_CRASHED', 'THREAD_LOST', 'THREAD_LOST'])
  expect(await pool.run({ kind: 'echo', value: 3 })).toBe(3)
})

test('a task in the inbox has its own time from when it begins', async () => {
  const pool = aPool({ ahead: 1, taskTimeoutMs: 4_000 })
  await pool.run({ kind: 'echo', value: 'ready' })
  holdPoolClock()
  const first = pool.run({ kind: 'wait', ms: 20 })
  let code = 'none yet'
  const second = codeOf(pool.run({ kind: 'wait', ms: 60_000 })).then((each) => (code = each))
  vi.advanceTimersByTime(3_000)
  expect(await first).toBe(null)
  vi.advanceTimersByTime(3_000)
  await sleep(0)
  expect(code).toBe('none yet')
  vi.advanceTimersByTime(1_000)
  expect(await second).toBe('THREAD_TIMEOUT')
})

test('uses as many threads at once as it was given', async () => {
  const pool = aPool({ threads: 2 })
  const waiting = Promise.allSettled([pool.run({ kind: 'wait', ms: 60_000 })])
  expect(await pool.run({ kind: 'echo', value: 1 })).toBe(1)
  await pool.close()
  expect(await waiting).toMatchObject([{ reason: { code: 'THREAD_POOL_CLOSED' } }])
})

test('rejects running, waiting and later tasks when it is closed', async () => {
  const pool = aPool()
  const tasks = [pool.run({ kind: 'wait', ms: 60_000 }), pool.run({ kind: 'echo', value: 1 })]
  const settled = Promise.allSettled(tasks)
  await pool.close()
  const later = await Promise.allSettled([pool.run({ kind: 'echo', value: 1 })])
  const codes = [...(await settled), ...later].map((each) => (each.status === 'rejected' ? each.reason.code : each))
  expect(codes).toEqual(['THREAD_POOL_CLOSED', 'THREAD_POOL_CLOSED', 'THREAD_POOL_CLOSED'])
})

test('rejects a task whose thread cannot start, with the reason', async () => {
  const file = new URL('../threads/no-such-thread.ts', import.meta.url)
  const pool = createThreadPool({ file, threads: 1, maxQueued: 10, taskTimeoutMs: 20_000, maxHeapMib: 64 })
  pools.push(pool)
  await expect(pool.run({})).rejects.toMatchObject({
    code: 'THREAD_CRASHED',
    details: { reason: expect.stringContaining('no-such-thread') },
  })
})

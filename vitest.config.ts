import { defineConfig } from 'vitest/config'

const SERVICE = 'test/service/**/*.test.ts'
const END_TO_END = 'test/end-to-end/**/*.test.ts'

/** Three lanes. Fast: no network, no services. Service: embedded Postgres and Temporal. End to end: whole commands. */
export default defineConfig({
  test: {
    // Two cores: more processes only wait for each other.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [SERVICE, END_TO_END],
          // A bound for what hangs, not for what is slow: a busy machine must not make a test red.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'service',
          include: [SERVICE],
          globalSetup: ['test/support/services.setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'end-to-end',
          include: [END_TO_END],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})

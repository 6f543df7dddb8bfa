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
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'service',
          include: [SERVICE],
          globalSetup: ['test/support/services.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'end-to-end',
          include: [END_TO_END],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})

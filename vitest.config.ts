import { defineConfig } from 'vitest/config'

const SERVICE = 'test/service/**/*.test.ts'
const END_TO_END = 'test/end-to-end/**/*.test.ts'
/** Whole programs, threads that warm up and bundles: seconds each, most of it the start. */
const PROGRAMS = [
  'test/workers/**/*.test.ts',
  'test/workflows/**/*.test.ts',
  'test/examples/**/*.test.ts',
  'test/launcher.test.ts',
]

/**
 * Tests of functions without a process of their own: files share one, and with it what they import, which is a third of
 * the fast lane's time. A test that changes its process, or needs it untouched, lives elsewhere.
 */
const PURE = ['test/activities/**/*.test.ts', 'test/schema/**/*.test.ts']

const FAST = {
  // A bound for what hangs, not for what is slow: a busy machine must not make a test red.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  sequence: { groupOrder: 0 },
}

/** Four lanes. Fast (`--project 'fast*'`) and programs: no network, no services. Service: embedded Postgres and Temporal. End to end: whole commands. */
export default defineConfig({
  test: {
    // Two cores: more processes only wait for each other.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...FAST,
          name: 'fast-own',
          include: ['test/**/*.test.ts'],
          exclude: [SERVICE, END_TO_END, ...PROGRAMS, ...PURE],
        },
      },
      { test: { ...FAST, name: 'fast-shared', include: PURE, isolate: false } },
      { test: { ...FAST, name: 'programs', include: PROGRAMS } },
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

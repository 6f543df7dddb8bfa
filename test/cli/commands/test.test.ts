import { expect, test } from 'vitest'
import { tallyOf } from '../../../cli/commands/test.ts'

function report(
  numPassedTests: number,
  numFailedTests: number,
  files: { status: string; results: string[] }[],
): string {
  const testResults = files.map(({ status, results }) => ({
    status,
    assertionResults: results.map((one) => ({ status: one })),
  }))
  return JSON.stringify({ numPassedTests, numFailedTests, testResults })
}

test('passed and failed tests are counted', () => {
  expect(tallyOf(report(3, 1, [{ status: 'failed', results: ['passed', 'failed'] }]), 1)).toEqual({
    passed: 3,
    failed: 1,
  })
})

test('a file that could not run counts as one failed test', () => {
  expect(
    tallyOf(
      report(3, 0, [
        { status: 'failed', results: [] },
        { status: 'passed', results: ['passed'] },
      ]),
      1,
    ),
  ).toEqual({ passed: 3, failed: 1 })
})

test('a run that failed outside its tests is not taken for a good one', () => {
  expect(tallyOf(report(3, 0, []), 1)).toEqual({ passed: 3, failed: 1 })
  expect(tallyOf(null, 0)).toEqual({ passed: 0, failed: 1 })
})

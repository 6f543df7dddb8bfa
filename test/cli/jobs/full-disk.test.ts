import { expect, it } from 'vitest'
import { FullDisk } from '../../../cli/jobs/full-disk.ts'

/** What looks at these seconds say, of one activity whose attempts are given; null when it does not fail. */
function looks(...seen: [second: number, attempts: number | null][]): boolean[] {
  const disk = new FullDisk()
  return seen.map(([second, attempts]) =>
    disk.staysFull(attempts === null ? [] : [{ key: 'shard', attempts }], second * 1000),
  )
}

it('a disk that refuses for half a minute stays full', () => {
  expect(looks([0, 3], [5, 4], [10, 5], [25, 6], [31, 7])).toEqual([false, false, false, false, true])
})

it('a disk that was full for a moment does not, though the attempt that runs since then shows it', () => {
  expect(looks([0, 3], [5, 4], [10, 4], [40, 4], [300, 4])).toEqual([false, false, false, false, false])
})

it('a failure long after the last one, or of another attempt at the work, begins anew', () => {
  expect(looks([0, 3], [5, 4], [300, 5], [320, 6], [331, 7])).toEqual([false, false, false, false, true])
  expect(looks([0, 3], [20, null], [40, 3], [45, 4])).toEqual([false, false, false, false])
})

import { expect, test } from 'vitest'
import { describeResume } from '../../../activities/explain/describe-resume.ts'
import type { ResumePlan } from '../../../schema/queries/resume-crawl.ts'

const aGroup = (changes: Partial<ResumePlan['rows'][number]>): ResumePlan['rows'][number] => ({
  action: 'waits',
  reason: null,
  class: null,
  host: 'a.example',
  count: 1,
  first_at: null,
  last_at: null,
  ...changes,
})

test('says what is done, what will be tried and when, and what is given up and why', () => {
  const soon = new Date('2026-01-02T03:04:05.000Z')
  const rows = [
    aGroup({ count: 7 }),
    aGroup({ reason: 'http_error', class: 'overloaded', first_at: soon, last_at: soon }),
    aGroup({ action: 'tried again', reason: 'timeout', class: 'timeout', host: 'b.example', count: 2 }),
    aGroup({ action: 'given up', reason: 'robots_disallowed', count: 3 }),
  ]
  const heading = ['  class', 'reason', 'host', 'urls']
  expect(describeResume({ done: 12, rows })).toEqual([
    'done: 12 URLs',
    'will be tried: 8 URLs',
    [
      [...heading, 'when'],
      ['  ', '', 'a.example', '7', 'at once'],
      ['  overloaded', 'http_error', 'a.example', '1', '2026-01-02T03:04:05.000Z'],
    ],
    'failed, will be tried again: 2 URLs',
    [
      [...heading, 'when'],
      ['  timeout', 'timeout', 'b.example', '2', 'at once'],
    ],
    'given up: 3 URLs',
    [
      [...heading, ''],
      ['  ', 'robots_disallowed', 'a.example', '3', ''],
    ],
  ])
})

test('shows the largest groups and counts the rest', () => {
  const rows = Array.from({ length: 25 }, (_, index) => aGroup({ host: `h${index}.example`, count: index + 1 }))
  const lines = describeResume({ done: 0, rows })
  expect(lines.at(-1)).toBe('  and 15 in 5 groups more (--json)')
})

test('says which archives are not yet read, how far each is, and what is left of it', () => {
  const archive = {
    file: 'a.warc.gz',
    sha256: '',
    declared: 'und',
    bytes: 1000,
    read_bytes: 400,
    done: false,
    searched_bytes: 1000,
    searched: true,
    left_bytes: 600,
    records: 30,
    used: 20,
    faults: 1,
  }
  const archives = [
    { ...archive, file: 'whole.warc', done: true },
    archive,
    { ...archive, file: 'b.warc', searched: false, searched_bytes: 10, read_bytes: 0, left_bytes: 1990, records: 0 },
    { ...archive, file: 'c.warc', bytes: null, searched: false, left_bytes: null, records: 0, used: 0, faults: 0 },
  ]
  expect(describeResume({ done: 20, rows: [] }, archives)).toEqual([
    'done: 20 URLs',
    'will be read on: 3 archives',
    [
      ['  archive', 'at', 'bytes left', 'records', 'used', 'unusable'],
      ['  a.warc.gz', '400', '600', '30', '20', '1'],
      ['  b.warc', '10, for robots.txt and TDM files', '1990', '0', '20', '1'],
      ['  c.warc', 'not begun', 'all', '0', '0', '0'],
    ],
  ])
})

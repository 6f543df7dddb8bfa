import { expect, test } from 'vitest'
import { interpretFailure, type InterpretDeps } from '../../../activities/crawl/interpret.ts'
import type { FrontierRow } from '../../../schema/queries/frontier.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 0, 2)

const deps = { section: { limits: { give_up_hours: 24 } } } as unknown as InterpretDeps
const aRow = (firstTriedHoursAgo: number | null): FrontierRow => ({
  url_sha: Buffer.alloc(32, 1),
  url: 'https://a.example/',
  host: 'a.example',
  site_no: 1,
  page: true,
  picture: false,
  sitemap: false,
  depth: 0,
  redirects: 0,
  attempts: 0,
  seed: true,
  declared: null,
  first_tried: firstTriedHoursAgo === null ? null : new Date(NOW - firstTriedHoursAgo * HOUR_MS),
})
const refused = {
  kind: 'failure',
  url: 'https://a.example/',
  reason: 'refused',
  errorCode: 'ECONNREFUSED',
  message: 'refused',
  status: null,
  headers: [],
  remoteAddress: null,
  startedAt: NOW,
  durationMs: 1,
  latencyMs: null,
} as const

test('tries a URL again while the deadline of the spec has not passed', () => {
  const { outcome } = interpretFailure(deps, aRow(null), { ...refused, headers: [] })
  expect(outcome).toMatchObject({ state: 'retry', reason: 'refused', attempts: 1 })
})

test('gives a URL up when the deadline of the spec has passed since it was first tried', () => {
  const { outcome } = interpretFailure(deps, aRow(24), { ...refused, headers: [] })
  expect(outcome).toMatchObject({ state: 'failed', reason: 'deadline_passed', waitMs: 0 })
})

import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { useTestDatabase } from '../../support/database.ts'
import { useMella } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const mella = useMella('worker', useTestDatabase(), useTestNamespace())

test('a worker that starts removes from the store what killed writers left there, and nothing that is younger than a day', async () => {
  const folder = path.join(mella.home, 'store', 'objects', 'tmp')
  mkdirSync(folder, { recursive: true })
  for (const [name, hoursAgo] of [
    ['old.tmp', 25],
    ['young.tmp', 1],
  ] as const) {
    const at = new Date(Date.now() - hoursAgo * 3_600_000)
    writeFileSync(path.join(folder, name), 'half')
    utimesSync(path.join(folder, name), at, at)
  }
  mella.startWorkers('--roles', 'io')
  await expect.poll(() => readdirSync(folder), { timeout: 120_000 }).toEqual(['young.tmp'])
})

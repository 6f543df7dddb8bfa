import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { startWorkers } from '../../../cli/jobs/worker-processes.ts'
import { testSettings } from '../../support/home.ts'

/** A checkout whose worker notes its role, whether it was held, and what it hears, and then runs until SIGTERM. */
function checkoutWithNotes(): { settings: ReturnType<typeof testSettings>; notes: () => string[] } {
  const checkout = mkdtempSync(path.join(tmpdir(), 'mella-workers-'))
  const file = path.join(checkout, 'notes')
  writeFileSync(file, '')
  mkdirSync(path.join(checkout, 'workers'))
  writeFileSync(
    path.join(checkout, 'workers', 'main.ts'),
    `const fs = require('node:fs')
    const note = (text: string) => fs.appendFileSync(${JSON.stringify(file)}, process.argv[2] + ' ' + text + '\\n')
    const held = process.argv.includes('--await-services')
    note(held ? 'held' : 'free')
    process.on('SIGTERM', () => process.exit(0))
    setInterval(() => {}, 1000)
    if (held) process.stdin.on('data', (chunk: Buffer) => note('heard ' + chunk))
    `,
  )
  const settings = { ...testSettings(path.join(checkout, 'home')), checkout }
  return { settings, notes: () => readFileSync(file, 'utf8').split('\n').filter(Boolean).sort() }
}

test('held workers start at once and go on when they are released', async () => {
  const { settings, notes } = checkoutWithNotes()
  const workers = startWorkers(
    { ...settings, workers: { ...settings.workers, io: 1, orchestrator: 1 } },
    ['io', 'orchestrator'],
    { held: true },
  )
  await vi.waitFor(() => expect(notes()).toEqual(['io held', 'orchestrator held']), 10_000)
  workers.release()
  const heard = ['io heard services run', 'io held', 'orchestrator heard services run', 'orchestrator held']
  await vi.waitFor(() => expect(notes()).toEqual(heard), 10_000)
  await workers.stop()
})

test('workers that are not held wait for nobody', async () => {
  const { settings, notes } = checkoutWithNotes()
  const workers = startWorkers({ ...settings, workers: { ...settings.workers, io: 1 } }, ['io'])
  await vi.waitFor(() => expect(notes()).toEqual(['io free']), 10_000)
  await workers.stop()
})

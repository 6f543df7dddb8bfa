import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'

const CHECKOUT = path.resolve(import.meta.dirname, '..', '..')

test('a worker that waits for services ends without a word when nobody is left to start them', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'mella-held-'))
  const worker = spawn(process.execPath, ['workers/main.ts', 'io', '--home', home, '--await-services'], {
    cwd: CHECKOUT,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const said: Buffer[] = []
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk: Buffer) => void said.push(chunk))
  worker.stdin.end()
  expect(await once(worker, 'exit')).toEqual([0, null])
  expect(Buffer.concat(said).toString()).toBe('')
  // It has started nothing either.
  expect(readdirSync(home)).toEqual([])
})

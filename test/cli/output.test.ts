import { expect, test } from 'vitest'
import { createOutput, table } from '../../cli/output.ts'
import { barLine, createProgress } from '../../cli/progress.ts'

function streams(): { written: { stdout: string; stderr: string }; out: ReturnType<typeof createOutput> } {
  const written = { stdout: '', stderr: '' }
  const out = createOutput({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  })
  return { written, out }
}

function progressOn(isTTY: boolean, use: (progress: ReturnType<typeof createProgress>) => void): string {
  let written = ''
  use(createProgress({ write: (text) => (written += text), isTTY, columns: 80 }))
  return written
}

test('data go to stdout, talk to stderr', () => {
  const { written, out } = streams()
  out.line('a')
  out.ndjson({ b: 1 })
  out.say('c')
  expect(written).toEqual({ stdout: 'a\n{"b":1}\n', stderr: 'c\n' })
})

test('control characters in data are escaped, in JSON too', () => {
  const { written, out } = streams()
  out.line('\u001b]0;x\u0007')
  out.ndjson({ text: '\u009b\u202e' })
  expect(written.stdout).toBe('\\u001b]0;x\\u0007\n{"text":"\\u009b\\u202e"}\n')
})

test('a table pads all columns but the last', () => {
  expect(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'cc'],
    ]),
  ).toBe('a    bb  c\naaa  b   cc')
})

test('a bar shows step, share and counts', () => {
  expect(barLine('crawl', 40, 120)).toBe('crawl            [########----------------]  33 %  40/120')
  expect(barLine('crawl', 40, null)).toBe('crawl            40')
})

test('a terminal gets one line that is drawn over, and a new one for the next step', () => {
  const written = progressOn(true, (progress) => {
    progress.update('crawl', 1, 2)
    progress.update('crawl', 2, 2)
    progress.update('extract', 0, 2)
    progress.end()
  })
  expect(written.split('\n').map((line) => line.split('\r').length - 1)).toEqual([2, 1, 0])
})

test('without a terminal a step gets a line for each tenth, without control characters', () => {
  const written = progressOn(false, (progress) => {
    for (let done = 0; done <= 100; done += 1) progress.update('crawl', done, 100)
  })
  expect(written.split('\n').filter((line) => line !== '')).toEqual(
    Array.from({ length: 11 }, (_, tenth) => `crawl: ${tenth * 10} of 100`),
  )
})

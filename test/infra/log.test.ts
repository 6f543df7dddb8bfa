import { expect, test } from 'vitest'
import { createLogger } from '../../infra/log.ts'

function logged(
  level: 'info' | 'warn',
  log: (logger: ReturnType<typeof createLogger>) => void,
): Record<string, unknown>[] {
  const lines: string[] = []
  log(createLogger(level, { role: 'io' }, (line) => lines.push(line)))
  return lines.map((line) => {
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
    expect(time).toBeTypeOf('number')
    return rest
  })
}

test('a line holds the message, the object and the scope', () => {
  expect(logged('info', (log) => log.info({ url: 'https://a.example/' }, 'fetched'))).toEqual([
    { level: 'info', role: 'io', url: 'https://a.example/', msg: 'fetched' },
  ])
})

test('lines under the level are not written', () => {
  expect(logged('warn', (log) => log.info('no'))).toEqual([])
})

test('secrets are cut out by name', () => {
  expect(logged('info', (log) => log.info({ apiKey: 'x', model: { apiKey: 'y' }, databaseUrl: 'z' }, 'm'))).toEqual([
    { level: 'info', role: 'io', apiKey: '[secret]', model: { apiKey: '[secret]' }, databaseUrl: '[secret]', msg: 'm' },
  ])
})

test('control characters of strangers do not reach the terminal', () => {
  const lines: string[] = []
  createLogger('info', {}, (line) => lines.push(line)).info({ text: 'a\u009b2J\u202e' }, 'm')
  expect(lines.join('')).toContain('a\\u009b2J\\u202e')
})

import { expect, test } from 'vitest'
import { findCommand, readInvocation, type Command } from '../../cli/command.ts'

const NAMES = ['up', 'spec check', 'spec init', 'sample list']

const COMMAND: Command = {
  name: 'crawl start',
  summary: 'start',
  args: ['SPEC'],
  options: {
    wait: { type: 'boolean', what: 'wait' },
    class: { type: 'string', value: 'C', what: 'class' },
    host: { type: 'string', multiple: true, what: 'host' },
  },
  json: true,
  example: './mella crawl start my.yaml',
  run: async () => 0,
}

function badUsage(message: string): unknown {
  return expect.objectContaining({ code: 'BAD_USAGE', message })
}

test('a command is found by one word or two, and keeps the rest of the line', () => {
  expect(findCommand(['up', '--json'], NAMES)).toEqual({ kind: 'run', name: 'up', rest: ['--json'] })
  expect(findCommand(['spec', 'check', 'a.yaml'], NAMES)).toEqual({ kind: 'run', name: 'spec check', rest: ['a.yaml'] })
})

test('help is given for everything, for a group, and for no words at all', () => {
  const prefixes = [[], ['--help'], ['-h'], ['help'], ['help', 'spec'], ['spec'], ['spec', '--help']].map((argv) =>
    findCommand(argv, NAMES),
  )
  expect(prefixes.map((request) => (request.kind === 'help' ? request.prefix : 'none'))).toEqual([
    '',
    '',
    '',
    '',
    'spec',
    'spec',
    'spec',
  ])
})

test('an unknown command names the nearest one', () => {
  expect(() => findCommand(['upp'], NAMES)).toThrow(badUsage('command upp: there is none, did you mean up?'))
  expect(() => findCommand(['spce'], NAMES)).toThrow(badUsage('command spce: there is none, did you mean spec?'))
  expect(() => findCommand(['spec', 'chek'], NAMES)).toThrow(
    badUsage('command spec chek: there is none, did you mean spec check?'),
  )
  expect(() => findCommand(['--json', 'up'], NAMES)).toThrow(badUsage('option --json: stands before any command'))
})

test('options, settings and arguments are told apart wherever they stand', () => {
  expect(
    readInvocation(COMMAND, [
      '--wait',
      '--shard-size',
      '200',
      'a.yaml',
      '--class=x',
      '--host',
      'a',
      '--host',
      'b',
      '--json',
    ]),
  ).toEqual({
    args: ['a.yaml'],
    options: { wait: true, class: 'x', host: ['a', 'b'] },
    settingFlags: { 'shard-size': '200' },
    help: false,
    json: true,
  })
})

test('what follows -- is an argument', () => {
  expect(readInvocation(COMMAND, ['--', '--wait']).args).toEqual(['--wait'])
})

test('an unknown option names the nearest one', () => {
  expect(() => readInvocation(COMMAND, ['a', '--wiat'])).toThrow(
    badUsage('option --wiat: there is none, did you mean --wait?'),
  )
  expect(() => readInvocation(COMMAND, ['a', '--constructor'])).toThrow(badUsage('option --constructor: there is none'))
})

test('a missing or superfluous value or argument is an error', () => {
  expect(() => readInvocation(COMMAND, [])).toThrow(badUsage('argument SPEC: missing'))
  expect(() => readInvocation(COMMAND, ['a', 'b'])).toThrow(badUsage('argument b: one too many'))
  expect(() => readInvocation(COMMAND, ['a', '--class'])).toThrow(badUsage('option --class: needs a value'))
  expect(() => readInvocation(COMMAND, ['a', '--wait=1'])).toThrow(badUsage('option --wait: takes no value'))
  expect(() => readInvocation({ ...COMMAND, json: false }, ['a', '--json'])).toThrow(
    badUsage('option --json: there is none'),
  )
})

test('help needs no arguments', () => {
  expect(readInvocation(COMMAND, ['--help']).help).toBe(true)
})

import { tmpdir } from 'node:os'
import { beforeAll, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/command-list.ts'
import { describeError, exitCodeOf } from '../../cli/exit-code.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { runCommand } from '../support/run-command.ts'

// Help loads every command with all that it stands on: some seconds on a busy machine.
beforeAll(() => Promise.all(COMMANDS.map(({ load }) => load())), 60_000)

const run = (argv: string[], env: Record<string, string> = {}) => runCommand(argv, { env, cwd: tmpdir() })

test('help lists every command, the settings and the exit codes, on stdout', async () => {
  const { code, stdout, stderr } = await run(['--help'])
  for (const { name } of COMMANDS) expect(stdout).toContain(`\n  ${name}`)
  for (const word of ['MELLA_HOME', 'DATABASE_URL', 'TEMPORAL_*', '130']) expect(stdout).toContain(word)
  expect([code, stderr]).toEqual([EXIT.ok, ''])
})

test.each(COMMANDS.map(({ name }) => name))('%s says with --help what it does, with an example', async (name) => {
  const command = await COMMANDS.find((entry) => entry.name === name)?.load()
  const { code, stdout } = await run([...name.split(' '), '--help'])
  expect(command?.name).toBe(name)
  expect(stdout).toContain(command?.summary)
  expect(stdout).toContain(`example:\n  ./mella ${name}`)
  expect(code).toBe(EXIT.ok)
})

test.each(COMMANDS.map(({ name }) => name))('%s says what each argument is, and the exit codes', async (name) => {
  const command = await COMMANDS.find((entry) => entry.name === name)?.load()
  const { stdout } = await run([...name.split(' '), '--help'])
  for (const argument of command?.args ?? [])
    expect(stdout).toMatch(new RegExp(`^  ${argument.replaceAll(/[[\\].]/g, '')} +\\S`, 'm'))
  expect(stdout).toContain('exit codes: 0 ok; 1 failed; 2 usage or bad spec; 3 differences found; 4 not found')
})

test.each(COMMANDS.map(({ name }) => name))('%s refuses a flag that it does not know with 2', async (name) => {
  const { code, stdout, stderr } = await run([...name.split(' '), '--no-such-flag'])
  expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' })
  expect(stderr).toBe(`mella: option --no-such-flag: there is none\n  try: ./mella ${name} --help\n`)
})

test('an unknown command ends 2 with nothing on stdout', async () => {
  expect(await run(['dwon'])).toEqual({
    code: EXIT.usage,
    stdout: '',
    stderr: 'mella: command dwon: there is none, did you mean down?\n  try: ./mella --help\n',
  })
})

test('bad settings end 2 and list what is wrong', async () => {
  const { code, stderr } = await run(['up'], { MELLA_SHARD_SIZE: 'x' })
  expect([code, stderr.split('\n')[1]]).toEqual([
    EXIT.usage,
    '  MELLA_SHARD_SIZE=x: must be a whole number from 100 to 1000',
  ])
})

test('an error is printed as thing and fact, its lines, its log and what mends it', () => {
  const error = new PermanentError('SERVICE_FAILED', 'postgres: did not start', {
    lines: ['FATAL: a', 'HINT: b'],
    log: '/l',
    mend: './mella doctor',
  })
  expect(describeError(error)).toBe(
    'mella: postgres: did not start\n  FATAL: a\n  HINT: b\n  log: /l\n  try: ./mella doctor',
  )
})

test('an error of the system is printed without a stack, a bug with one', () => {
  const system = Object.assign(new Error("ENOSPC: no space left on device, write '/x'"), { syscall: 'write' })
  expect(describeError(system)).toBe("mella: ENOSPC: no space left on device, write '/x'")
  expect(describeError(new TypeError('bug')).split('\n').length).toBeGreaterThan(1)
})

test.each([
  ['BAD_USAGE', 2],
  ['BAD_SETTINGS', 2],
  ['BAD_SPEC', 2],
  ['SPEC_NOT_FOUND', 2],
  ['NO_CRAWL_SECTION', 2],
  ['BAD_SEED', 2],
  ['VERSION_TAKEN', 2],
  ['DIFFERENCES', 3],
  ['CRAWL_NOT_FOUND', 4],
  ['PARTIAL', 5],
  ['INTERRUPTED', 130],
  ['SERVICE_FAILED', 1],
])('an error of code %s ends %i', (code, exit) => {
  expect(exitCodeOf(new PermanentError(code, ''))).toBe(exit)
})

test('an error without a code is a failure', () => {
  expect([exitCodeOf(new Error('bug')), exitCodeOf('bug')]).toEqual([1, 1])
})

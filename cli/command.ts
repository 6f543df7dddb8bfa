import { parseArgs } from 'node:util'
import { PermanentError } from '../schema/contracts/errors.ts'
import { SETTING_FLAGS, type Settings } from '../infra/config.ts'
import { nearestName } from '../infra/nearest-name.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'

export interface CommandOption {
  type: 'boolean' | 'string'
  multiple?: boolean
  /** What stands after `=` in the help, for strings. */
  value?: string
  what: string
}

export type OptionValue = string | boolean | string[] | undefined

export interface CommandContext {
  /** Positional arguments, as many as the command takes. */
  args: readonly string[]
  options: Readonly<Record<string, OptionValue>>
  /** Whether `--json` was given. */
  json: boolean
  /** Reads the settings on first use. Throws BAD_SETTINGS. */
  settings: () => Settings
  cwd: string
  /** For child processes; settings come from `settings`. */
  env: Readonly<Record<string, string | undefined>>
  out: Output
  progress: Progress
}

/** One command: a file under cli/commands/ and a line in cli/command-list.ts. */
export interface Command {
  /** One or two words: `up`, `spec check`. */
  name: string
  summary: string
  /** Positional arguments by name, `[NAME]` when it may be left out, `NAME...` for one or more. */
  args: readonly string[]
  options: Readonly<Record<string, CommandOption>>
  /** Whether it prints data, and so takes `--json`. */
  json: boolean
  example: string
  /** Gives the exit code (EXIT). Throws AppError for what went wrong. */
  run: (context: CommandContext) => Promise<number>
}

export interface Invocation {
  args: string[]
  options: Record<string, OptionValue>
  /** Setting flags that were given, without their dashes. */
  settingFlags: Record<string, string>
  help: boolean
  json: boolean
}

/** What the first words ask for: a command with the arguments after its name, or help over the names with a prefix. */
export type Request = { kind: 'run'; name: string; rest: readonly string[] } | { kind: 'help'; prefix: string }

/** Finds the command among the known names. Throws PermanentError BAD_USAGE with the nearest name. */
export function findCommand(argv: readonly string[], names: readonly string[]): Request {
  const [first = '', second = ''] = argv
  const two = `${first} ${second}`
  if (names.includes(two)) return { kind: 'run', name: two, rest: argv.slice(2) }
  if (names.includes(first)) return { kind: 'run', name: first, rest: argv.slice(1) }
  const groups = names.flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : []))
  if (first === 'help') return { kind: 'help', prefix: argv.slice(1).join(' ') }
  if (argv.length === 0 || first === '--help' || first === '-h') return { kind: 'help', prefix: '' }
  if (groups.includes(first) && (second === '' || second === '--help' || second === '-h'))
    return { kind: 'help', prefix: first }
  if (first.startsWith('-')) throw badUsage(`option ${first}: stands before any command`, null, './mella --help')
  const [asked, known] = groups.includes(first) ? [two, names] : [first, [...names, ...groups]]
  throw badUsage(`command ${asked}: there is none`, nearestName(asked, known), './mella --help')
}

/** Reads the arguments of a command. Throws PermanentError BAD_USAGE that names the nearest valid option. */
export function readInvocation(command: Command, argv: readonly string[]): Invocation {
  const own: Record<string, CommandOption> = {
    ...command.options,
    ...(command.json ? { json: { type: 'boolean', what: '' } } : {}),
  }
  const settings = SETTING_FLAGS.filter(({ flag }) => !(flag in own))
  const known: Record<string, { type: 'boolean' | 'string'; multiple?: boolean; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  }
  for (const [name, { type, multiple = false }] of Object.entries(own)) known[name] = { type, multiple }
  for (const { flag } of settings) known[flag] = { type: 'string' }
  const mend = `./mella ${command.name} --help`
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) if (token.kind === 'option') checkOption(token, known, mend)
  const help = values['help'] === true
  if (!help) checkArguments(command, positionals, mend)
  const options: Record<string, OptionValue> = {}
  for (const name of Object.keys(command.options)) options[name] = values[name] as OptionValue
  const settingFlags: Record<string, string> = {}
  for (const { flag } of settings) if (typeof values[flag] === 'string') settingFlags[flag] = values[flag]
  return { args: positionals, options, settingFlags, help, json: values['json'] === true }
}

function checkOption(
  token: { name: string; rawName: string; value?: string | undefined },
  known: Record<string, { type: 'boolean' | 'string' }>,
  mend: string,
): void {
  const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined
  if (option === undefined) {
    const near = nearestName(token.name, Object.keys(known))
    throw badUsage(`option ${token.rawName}: there is none`, near === null ? null : `--${near}`, mend)
  }
  if (option.type === 'string' && token.value === undefined)
    throw badUsage(`option ${token.rawName}: needs a value`, null, mend)
  if (option.type === 'boolean' && token.value !== undefined)
    throw badUsage(`option ${token.rawName}: takes no value`, null, mend)
}

function checkArguments(command: Command, given: readonly string[], mend: string): void {
  const required = command.args.filter((name) => !name.startsWith('['))
  const missing = required[given.length]
  if (missing !== undefined) throw badUsage(`argument ${missing.replace('...', '')}: missing`, null, mend)
  const extra = given[command.args.length]
  const isOpen = command.args.at(-1)?.includes('...') === true
  if (extra !== undefined && !isOpen) throw badUsage(`argument ${extra}: one too many`, null, mend)
}

/** BAD_USAGE with the nearest valid word. */
export function badUsage(fact: string, near: string | null, mend: string): PermanentError {
  return new PermanentError('BAD_USAGE', `${fact}${near === null ? '' : `, did you mean ${near}?`}`, { mend })
}

import { SECRET_VARIABLES, SETTING_FLAGS } from '../infra/config.ts'
import type { Command } from './command.ts'
import { table } from './output.ts'

const EXIT_CODES = [
  ['0', 'ok'],
  ['1', 'failed'],
  ['2', 'usage or bad spec'],
  ['3', 'differences found'],
  ['4', 'not found'],
  ['5', 'partial, resumable'],
  ['130', 'interrupted'],
] as const

/** What stands for an argument, by its name in the usage line. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  SPEC: 'file of a release spec (./mella spec init)',
  ID: 'id of a crawl (./mella crawl list)',
  RELEASE: "id of a release, dataset@version, or a dataset's name for its newest finished release",
  DIR: 'folder',
  DIR_OR_RELEASE: 'folder of a release, or a release as ./mella release list names it',
  KEY: "a sample's key, 64 hex digits (./mella sample list)",
  KEY_OR_URL: "a sample's key, a picture's sha256, or the URL of a picture or of a page",
  URL: 'http or https URL',
  PART: 'part of the suite; default: all of it',
}

/** Help over the commands whose name starts with `prefix` (empty: all of them, with settings and exit codes). */
export function helpOverview(commands: readonly Command[], prefix: string): string {
  const shown = commands.filter(({ name }) => prefix === '' || name === prefix || name.startsWith(`${prefix} `))
  const rows = shown.map((command) => [`  ${signature(command)}`, command.summary])
  const parts = ['usage: ./mella COMMAND [options]', `commands:\n${table(rows)}`, 'Each command says more with --help.']
  if (prefix === '')
    parts.push(
      `settings:\n${settingsTable()}`,
      `exit codes:\n${table(EXIT_CODES.map(([code, what]) => [`  ${code}`, what]))}`,
    )
  parts.push(`example:\n  ${shown[0]?.example ?? './mella --help'}`)
  return parts.join('\n\n')
}

/** Help of one command. */
export function helpOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, { value, what }]) => [
    `  --${name}${value === undefined ? '' : ` ${value}`}`,
    what,
  ])
  if (command.json) options.push(['  --json', 'machine-readable output on stdout'])
  options.push(['  --help', 'this text'])
  const names = command.args.map((name) => name.replaceAll(/[[\].]/g, ''))
  const given = names.map((name) => [`  ${name}`, ARGUMENTS[name] ?? ''])
  return [
    `usage: ./mella ${signature(command)} [options]`,
    command.summary,
    ...(given.length === 0 ? [] : [`arguments:\n${table(given)}`]),
    `options:\n${table(options)}`,
    'Settings (./mella --help) may be given as flags too.',
    `exit codes: ${EXIT_CODES.map(([code, what]) => `${code} ${what}`).join('; ')}`,
    `example:\n  ${command.example}`,
  ].join('\n\n')
}

function signature(command: Command): string {
  return [command.name, ...command.args].join(' ')
}

function settingsTable(): string {
  const flags = SETTING_FLAGS.map(({ flag, env, what }) => [`  --${flag}`, env, what])
  const secrets = SECRET_VARIABLES.map(({ env, what }) => ['', env, what])
  const temporal = ['', 'TEMPORAL_*', 'Temporal of your own, as its command line reads them']
  return `${table([...flags, ...secrets, temporal])}\n  Flags over variables over mella.config.yaml over defaults.`
}

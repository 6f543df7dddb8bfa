import { pino, type Logger } from 'pino'
import type { LogLevel } from './config.ts'
import { escapeControls } from './control-characters.ts'

export type { Logger } from 'pino'

/** Values under these names never reach a log. */
const SECRET_NAMES = ['apiKey', 'password', 'datasetKey', 'databaseUrl', 'connectionString', 'authorization']

/**
 * A logger of JSON lines: a constant message plus an object. `scope` (role, run, step, …) stands in every line.
 * Control characters are escaped, since texts and URLs of strangers are logged; secrets are cut out by name.
 */
export function createLogger(
  level: LogLevel,
  scope: Record<string, unknown>,
  write: (line: string) => unknown,
): Logger {
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino(
    { level, base: scope, redact: { paths, censor: '[secret]' }, formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => void write(`${escapeControls(line.trimEnd())}\n`) },
  )
}

/** The logger of a process: on stderr. */
export function createProcessLogger(level: LogLevel, scope: Record<string, unknown>): Logger {
  return createLogger(level, scope, (line) => process.stderr.write(line))
}

import { AppError, EXIT } from '../schema/contracts/errors.ts'

type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  BAD_USAGE: EXIT.usage,
  BAD_SETTINGS: EXIT.usage,
  BAD_SPEC: EXIT.usage,
  SPEC_NOT_FOUND: EXIT.usage,
  NO_CRAWL_SECTION: EXIT.usage,
  BAD_SEED: EXIT.usage,
  VERSION_TAKEN: EXIT.usage,
  DIFFERENCES: EXIT.differences,
  PARTIAL: EXIT.partial,
  INTERRUPTED: EXIT.interrupted,
}

/** Exit code of an error: by its code, `*_NOT_FOUND` is 4, everything else 1. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof AppError)) return EXIT.failed
  return BY_CODE[error.code] ?? (error.code.endsWith('NOT_FOUND') ? EXIT.notFound : EXIT.failed)
}

/** What a person reads of an error: thing and fact, the lines that show it, the command that mends it (`details.lines`, `details.mend`). */
export function describeError(error: unknown): string {
  if (!(error instanceof AppError)) return `mella: ${describeOther(error)}`
  const { lines, log, mend } = error.details
  return [
    `mella: ${error.message}`,
    ...(Array.isArray(lines) ? lines.map((line) => `  ${String(line)}`) : []),
    ...(typeof log === 'string' ? [`  log: ${log}`] : []),
    ...(typeof mend === 'string' ? [`  try: ${mend}`] : []),
  ].join('\n')
}

/** An error of the system says what it is about; any other is our bug, and its stack shows where. */
function describeOther(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'syscall' in error ? error.message : (error.stack ?? error.message)
}

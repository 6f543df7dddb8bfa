import { PermanentError } from '../../schema/contracts/errors.ts'
import { lastLines } from './process.ts'

/** Last lines of a server's log that an error shows. */
const SHOWN_LINES = 8

/** Facts that a server's log tells, with the command that mends them. */
const MENDS: readonly { sign: RegExp; fact: string; mend: string }[] = [
  {
    sign: /no space left on device|disk is full|check free disk space/i,
    fact: 'the disk is full',
    mend: 'free space (df -h), then ./mella up',
  },
  { sign: /permission denied/i, fact: 'a folder may not be read or written', mend: './mella doctor' },
  {
    sign: /cannot allocate memory|could not create shared memory/i,
    fact: 'memory is short',
    mend: 'free memory (free -m), then ./mella up',
  },
]

/**
 * The error for a server that did not start: thing, fact, the last lines of its log from byte `from` on, and the command
 * that mends it. Code SERVICE_FAILED.
 */
export function serviceFailed(
  service: string,
  fact: string,
  log: { file: string; from: number },
  cause?: unknown,
): PermanentError {
  const lines = lastLines(log.file, log.from, SHOWN_LINES)
  const known = MENDS.find(({ sign }) => lines.some((line) => sign.test(line)))
  return new PermanentError(
    'SERVICE_FAILED',
    `${service}: ${fact}${known === undefined ? '' : `, ${known.fact}`}`,
    { service, log: log.file, lines, mend: known?.mend ?? './mella doctor' },
    cause,
  )
}

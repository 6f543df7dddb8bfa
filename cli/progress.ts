import { escapeControls } from '../infra/control-characters.ts'
import type { Streams } from './output.ts'

const BAR_CELLS = 24
/** Plain output gets a line for each tenth of a step: a log stays readable. */
const PLAIN_PARTS = 10

/** A bar per step on a terminal, plain lines otherwise; both on stderr. Counts come from committed rows. */
export interface Progress {
  /** `done` of `total` of a step, `total` null when it is not known yet; `note` follows the numbers. */
  update: (step: string, done: number, total: number | null, note?: string) => void
  /** A line of its own, above a bar. */
  say: (text: string) => void
  /** Ends the bar under way. */
  end: () => void
}

/** Progress on stderr. */
export function createProgress(stderr: Streams['stderr']): Progress {
  return stderr.isTTY === true ? createBar(stderr) : createLines(stderr)
}

function createBar(stderr: Streams['stderr']): Progress {
  let shown: string | null = null
  const end = (): void => {
    if (shown !== null) stderr.write('\n')
    shown = null
  }
  return {
    update: (step, done, total, note) => {
      if (shown !== null && shown !== step) end()
      shown = step
      stderr.write(`\r\u001b[K${`${barLine(step, done, total)}${noteOf(note)}`.slice(0, (stderr.columns ?? 80) - 1)}`)
    },
    say: (text) => {
      stderr.write(`${shown === null ? '' : '\r\u001b[K'}${escapeControls(text)}\n`)
    },
    end,
  }
}

/** `crawl  [########----------------]  33 %  40/120`. */
export function barLine(step: string, done: number, total: number | null): string {
  const name = escapeControls(step).padEnd(16)
  if (total === null || total <= 0) return `${name} ${done}`
  const share = Math.min(1, done / total)
  const full = Math.floor(share * BAR_CELLS)
  return `${name} [${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${String(Math.floor(share * 100)).padStart(3)} %  ${done}/${total}`
}

function createLines(stderr: Streams['stderr']): Progress {
  const said = new Map<string, number>()
  return {
    update: (step, done, total, note) => {
      const part = total === null || total <= 0 ? -1 : Math.floor((done / total) * PLAIN_PARTS)
      if (said.get(step) === part) return
      said.set(step, part)
      stderr.write(`${escapeControls(step)}: ${done}${total === null ? '' : ` of ${total}`}${noteOf(note)}\n`)
    },
    say: (text) => stderr.write(`${escapeControls(text)}\n`),
    end: () => {},
  }
}

const noteOf = (note = '') => (note === '' ? '' : `, ${escapeControls(note)}`)

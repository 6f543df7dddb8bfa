import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Check, sayChecks } from '../../test/support/chaos/checks.ts'
import { excessOf, requestsOf } from '../../test/support/chaos/compare.ts'
import type { Play } from '../../test/support/chaos/play.ts'
import { type Agreement, compareLogAndArchive, type Crawled, readServed } from './log-and-archive.ts'
import type { Strike } from './strike-crawl.ts'
import type { Kind } from './strikes.ts'

type Say = (line: string) => void

/** The undisturbed crawl. */
export interface Calm {
  crawled: Crawled
  port: number
  log: string
  storeBytes: number
}

/** Both crawls, and what happened to the second one. */
interface Compared {
  calm: Calm
  loud: Play
  after: Crawled
  strikes: Strike[]
  planned: number
}

/** Says how both agree, a line a check; returns whether all hold. */
export function report({ calm, loud, after, strikes, planned }: Compared, say: Say): boolean {
  const before = calm.crawled
  const still = compareLogAndArchive(readServed(calm.log), before, [])
  const urls = strikes.map(({ inFlight }) => inFlight.urls)
  const struck = compareLogAndArchive(readServed(loud.site.log), after, urls)
  sayKinds('undisturbed', still, say)
  sayKinds('under strikes', struck, say)
  const excess = excessOf(requestsOf(calm.log), requestsOf(loud.site.log))
  const atMost = strikes.reduce((sum, { inFlight }) => sum + inFlight.most, 0)
  const differ = differences(before.outcomes, after.outcomes)
  const faults = [...before.broken, ...after.broken, ...before.torn, ...after.torn]
  const agree = (one: Agreement) => one.invented.length === 0 && one.unexplained.length === 0
  const twice = keptTwice(before, after)
  const few = (lines: readonly string[]) =>
    lines
      .slice(0, 20)
      .map((line) => `\n      ${line}`)
      .join('')
  const lost = struck.kinds.reduce((sum, kind) => sum + kind.lost.length, 0)
  const checks: Check[] = [
    ['strikes', strikes.length === planned, `${strikes.length} of ${planned}: ${countKinds(strikes)}`],
    ['digest', before.digest === after.digest, after.digest],
    ['outcomes', differ.length === 0, `${after.outcomes.length}, ${differ.length} differ${few(differ)}`],
    [
      'site',
      excess.total <= atMost && excess.never.length === 0,
      `${excess.total} of at most ${atMost} more${few(excess.never.map((key) => `never asked: ${key}`))}`,
    ],
    [
      'archive',
      faults.length === 0,
      `${after.captures.filter((one) => one.hasRecord).length} records whole${few(faults)}`,
    ],
    ['kept once', twice.length === 0, `${twice.length} answers kept twice${few(twice)}`],
    ['log, undisturbed', agree(still), few([...still.invented, ...still.unexplained])],
    [
      'log, under strikes',
      agree(struck),
      `${lost} lines without a record, ${lost - struck.unexplained.length} of them in flight at a strike${few([...struck.invented, ...struck.unexplained])}`,
    ],
  ]
  const ok = sayChecks(checks, say)
  say(`     logs of the workers: ${countLogs(loud.home)}; ${after.leftovers} unfinished files in the store`)
  return ok
}

function sayKinds(title: string, { kinds }: Agreement, say: Say): void {
  say(`${title}:`)
  for (const { kind, lines, kept, withRecord, attempts, lost } of kinds)
    say(
      `  ${kind.padEnd(9)} ${lines} lines, ${kept} captures, ${withRecord} records, ${attempts} failed attempts, ${lost.length} lost`,
    )
}

/** Answers that were committed more often than undisturbed: of a worker that woke late, say. A host that is there again is asked for its robots.txt again. */
function keptTwice(before: Crawled, after: Crawled): string[] {
  const keys = ({ captures }: Crawled) => captures.map(({ url, status, sha }) => `${url} ${status} ${sha}`)
  const left = new Map<string, number>()
  for (const key of keys(before)) left.set(key, (left.get(key) ?? 0) + 1)
  return keys(after).filter((key) => {
    const count = left.get(key) ?? 0
    left.set(key, count - 1)
    return count <= 0 && !key.includes('/robots.txt ')
  })
}

function differences(one: readonly string[], other: readonly string[]): string[] {
  const [here, there] = [new Set(one), new Set(other)]
  return [
    ...one.filter((line) => !there.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !here.has(line)).map((line) => `+ ${line}`),
  ]
}

function countKinds(strikes: readonly Strike[]): string {
  const counts = new Map<Kind, number>()
  for (const { kind } of strikes) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
}

/** How often the workers said what these strikes lead to. */
function countLogs(home: string): string {
  const folder = path.join(home, 'logs')
  const text = readdirSync(folder)
    .filter((name) => name.startsWith('worker-'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
    .join('')
  return ['LEASE_LOST', 'STORE_FULL'].map((word) => `${text.split(`"${word}"`).length - 1} ${word}`).join(', ')
}

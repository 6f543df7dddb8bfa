import type { ArchiveCounts } from '../../schema/queries/archives.ts'
import type { ResumeAction, ResumePlan } from '../../schema/queries/resume-crawl.ts'

/** Groups of one kind that people are shown; --json has them all. */
const MOST_GROUPS = 20

const HEADINGS: Record<ResumeAction, (urls: number) => string> = {
  waits: (urls) => `will be tried: ${urls} URLs`,
  'tried again': (urls) => `failed, will be tried again: ${urls} URLs`,
  'given up': (urls) => `given up: ${urls} URLs`,
}

/** What going on with a crawl does, for people: lines, and tables as rows with their heading first. */
export function describeResume(plan: ResumePlan, archives: readonly ArchiveCounts[] = []): (string | string[][])[] {
  return [
    `done: ${plan.done} URLs`,
    ...describeArchives(archives.filter(({ done }) => !done)),
    ...(['waits', 'tried again', 'given up'] as const).flatMap((action) => describeAction(plan, action)),
  ]
}

function describeArchives(left: readonly ArchiveCounts[]): (string | string[][])[] {
  if (left.length === 0) return []
  return [
    `will be read on: ${left.length} archives`,
    [
      ['  archive', 'at', 'bytes left', 'records', 'used', 'unusable'],
      ...left
        .slice(0, MOST_GROUPS)
        .map((row) => [
          `  ${row.file}`,
          stageOf(row),
          row.left_bytes === null ? 'all' : String(row.left_bytes),
          String(row.records),
          String(row.used),
          String(row.faults),
        ]),
    ],
    ...(left.length > MOST_GROUPS ? [`  and ${left.length - MOST_GROUPS} more (--json)`] : []),
  ]
}

/** What an archive is read for now. */
export function stageOf({ bytes, searched, searched_bytes, read_bytes, done }: ArchiveCounts): string {
  if (done) return 'end'
  if (bytes === null) return 'not begun'
  return searched ? String(read_bytes) : `${searched_bytes}, for robots.txt and TDM files`
}

function describeAction({ rows }: ResumePlan, action: ResumeAction): (string | string[][])[] {
  const groups = rows.filter((row) => row.action === action).sort((a, b) => b.count - a.count)
  if (groups.length === 0) return []
  const sum = groups.reduce((urls, row) => urls + row.count, 0)
  const shown = groups.slice(0, MOST_GROUPS)
  const lines: (string | string[][])[] = [
    HEADINGS[action](sum),
    [
      ['  class', 'reason', 'host', 'urls', action === 'given up' ? '' : 'when'],
      ...shown.map((row) => [
        `  ${row.class ?? ''}`,
        row.reason ?? '',
        row.host,
        String(row.count),
        action === 'given up' ? '' : whenOf(row),
      ]),
    ],
  ]
  if (groups.length > shown.length) {
    const rest = groups.slice(MOST_GROUPS)
    lines.push(`  and ${rest.reduce((urls, row) => urls + row.count, 0)} in ${rest.length} groups more (--json)`)
  }
  return lines
}

/** Put back, a URL is due at once; only a server that asked for a pause gets it. */
function whenOf({ class: of, first_at, last_at }: ResumePlan['rows'][number]): string {
  if (of !== 'overloaded' || first_at === null || last_at === null) return 'at once'
  const [first, last] = [first_at.toISOString(), last_at.toISOString()]
  return first === last ? first : `${first} to ${last}`
}

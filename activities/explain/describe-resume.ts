import type { ResumeAction, ResumePlan } from '../../schema/queries/resume-crawl.ts'

/** Groups of one kind that people are shown; --json has them all. */
const MOST_GROUPS = 20

const HEADINGS: Record<ResumeAction, (urls: number) => string> = {
  waits: (urls) => `will be tried: ${urls} URLs`,
  'tried again': (urls) => `failed, will be tried again: ${urls} URLs`,
  'given up': (urls) => `given up: ${urls} URLs`,
}

/** What going on with a crawl does, for people: lines, and tables as rows with their heading first. */
export function describeResume(plan: ResumePlan): (string | string[][])[] {
  return [
    `done: ${plan.done} URLs`,
    ...(['waits', 'tried again', 'given up'] as const).flatMap((action) => describeAction(plan, action)),
  ]
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

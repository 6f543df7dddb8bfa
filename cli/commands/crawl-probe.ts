import { describeSeconds } from '../../activities/crawl/progress.ts'
import { type Estimate, reportSite, type SiteReport, sumEstimates } from '../../activities/probe/describe-probe.ts'
import { probeSites } from '../../activities/probe/probe-sites.ts'
import { readSpecFile } from '../../infra/spec-file.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { badUsage, type Command, type OptionValue } from '../command.ts'
import { type Output, table } from '../output.ts'

const DEFAULT_PAGES = 20
const MOST_PAGES = 1000

export const crawlProbeCommand: Command = {
  name: 'crawl probe',
  summary: 'what a crawl of these sites would find and cost, of a few pages of each; stores nothing',
  args: ['SPEC'],
  options: { pages: { type: 'string', value: 'N', what: `pages asked for of each site, default ${DEFAULT_PAGES}` } },
  json: true,
  example: './mella crawl probe my.yaml --pages 20',
  run: async (context) => {
    const { args, json, out, progress } = context
    const pages = pagesOf(context.options['pages'])
    const spec = readSpecFile(args[0] ?? '')
    if (!spec.crawl)
      throw new PermanentError('NO_CRAWL_SECTION', `spec ${args[0]}: has no crawl section`, {
        mend: 'add one: ./mella spec init shows it',
      })
    // Loaded here: the language detectors take longer to load than every other command together.
    const { openProbe } = await import('../jobs/probe-deps.ts')
    await using probe = await openProbe(context.settings(), spec.crawl)
    const onPage = (asked: number, total: number) => progress.update('probe', asked, total)
    const { sites, robots } = await probeSites({ ...probe.deps, pages, onPage })
    progress.end()
    const section = spec.crawl
    const reports = sites.map((site) => reportSite(site, section, robots))
    const total = sumEstimates(reports)
    if (json) out.json({ dataset: spec.dataset, pages, sites: reports, total })
    else describe(out, reports, total)
    return EXIT.ok
  },
}

function pagesOf(value: OptionValue): number {
  if (typeof value !== 'string') return DEFAULT_PAGES
  const pages = /^\d{1,4}$/.test(value) ? Number(value) : 0
  if (pages < 1 || pages > MOST_PAGES)
    throw badUsage(
      `option --pages ${value}: is not a number from 1 to ${MOST_PAGES}`,
      null,
      './mella crawl probe --help',
    )
  return pages
}

function describe(out: Output, sites: readonly SiteReport[], total: Estimate): void {
  out.line(
    table([
      ['site', 'robots', 'pages read', 'pictures', 'with text', 'languages', 'would be', 'pictures', 'size', 'time'],
      ...sites.map(rowOf),
      ['all', '', '', '', '', '', ...estimateCells(total)],
    ]),
  )
  for (const site of sites) for (const line of notesOf(site)) out.line(`${site.site}: ${line}`)
}

function rowOf({ site, robots, pages, pictures, languages, estimate }: SiteReport): string[] {
  return [
    site,
    robots === null
      ? 'not asked'
      : `${ROBOTS[robots.verdict]}${robots.delay_seconds === null ? '' : `, ${robots.delay_seconds} s`}`,
    `${pages.read} of ${pages.asked}`,
    String(pictures.shown),
    String(pictures.with_text),
    languages
      .slice(0, 3)
      .map(({ lang, pages: count }) => `${lang} ${count}`)
      .join(', '),
    ...estimateCells(estimate),
  ]
}

const ROBOTS = { rules: 'rules', allow_all: 'no file', disallow_all: 'not to be had' } as const

function estimateCells({ pages, exact, pictures, bytes, hours }: Estimate): string[] {
  return [
    `${exact ? '' : 'about '}${pages}`,
    String(pictures),
    `${(bytes / 1e6).toFixed(1)} MB`,
    describeSeconds(hours * 3600),
  ]
}

function notesOf({ fault, refused, opt_outs, pages, needs_javascript }: SiteReport): string[] {
  return [
    ...(fault === null ? [] : [`no page could be read: ${fault}`]),
    ...(needs_javascript
      ? [`needs JavaScript: ${pages.need_javascript} of ${pages.read} pages are frames that scripts fill`]
      : []),
    ...refused.map(({ reason, pages: count }) => `${count} pages not had: ${reason}`),
    ...opt_outs.map(
      ({ signal, value, where, agent, times, reserves }) =>
        `opt-out "${value === '' ? signal : `${signal}: ${value}`}" in ${where}${agent === null ? '' : ` for ${agent}`}, ${times} times${reserves ? ', reserves' : ''}`,
    ),
    ...(pages.reserved === 0 ? [] : [`${pages.reserved} of ${pages.read} pages reserve themselves`]),
  ]
}

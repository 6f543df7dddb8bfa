import { canonicalUrl, urlDigest } from '../../activities/crawl/canonical-url.ts'
import { describeHistory } from '../../activities/explain/describe-history.ts'
import { describeUrl } from '../../activities/explain/describe-url.ts'
import { holderOf } from '../../activities/crawl/archived-rules.ts'
import { newestOriginFile } from '../../schema/queries/origin-files.ts'
import { explainUrl, isInScope, isOfArchives } from '../../activities/explain/explain-url.ts'
import { filesNamed } from '../../activities/explain/opt-out-lines.ts'
import { fetchesOfFiles, refusedLinks } from '../../schema/queries/explain-subjects.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { listCrawls } from '../../schema/queries/crawls.ts'
import { capturesOfUrl, crawlsOfUrl, type KnownUrl, robotsOf } from '../../schema/queries/explain-url.ts'
import { historyOfUrl, hostOfUrl } from '../../schema/queries/url-history.ts'
import { badUsage, type Command, type CommandContext } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { findCrawl } from '../jobs/crawl-job.ts'

export const crawlExplainCommand: Command = {
  name: 'crawl explain',
  summary: 'everything known of one URL: who linked it, scope, robots rule, opt-out signals, each attempt',
  args: ['URL'],
  options: { crawl: { type: 'string', value: 'ID', what: 'in this crawl; default: the newest that knows the URL' } },
  json: true,
  example: './mella crawl explain http://cs.demo.example/private/plan.html',
  run: async (context) => {
    const canonical = canonicalUrl(context.args[0] ?? '')
    if (!canonical.ok)
      throw badUsage(`url ${context.args[0] ?? ''}: is no http or https URL`, null, './mella crawl explain --help')
    const { url } = canonical
    const sha = Buffer.from(urlDigest(url), 'hex')
    await using session = await connect(context, 'auditor')
    const known = await findKnown(context, session, url, sha)
    const robots = await robotsFor(session, known, url)
    const captures = await capturesOfUrl(session.db, known.crawl_no, sha)
    const named = filesNamed(captures).map((file) => Buffer.from(urlDigest(file), 'hex'))
    const files = await fetchesOfFiles(session.db, [known.crawl_no], named)
    const explanation = explainUrl(url, known, robots, captures, files)
    const history = await historyOfUrl(session.db, known.crawl_no, sha)
    const host = await hostOfUrl(session.db, known.crawl_no, new URL(url).host)
    if (context.json) context.out.json({ ...explanation, host, history })
    else for (const line of [...describeUrl(explanation), ...describeHistory(history, host)]) context.out.line(line)
    return EXIT.ok
  },
}

/** The robots.txt that holds for a URL: in archives it may be one that the origin's own redirects to. */
async function robotsFor({ db }: Session, { crawl_no: crawlNo, section }: KnownUrl, url: string) {
  const { origin } = new URL(url)
  if (!isOfArchives(section)) return robotsOf(db, crawlNo, origin)
  const deps: Parameters<typeof holderOf>[0] = {
    find: (kind, sha) => newestOriginFile(db, crawlNo, kind, sha),
    place: (file) => ({ sha: Buffer.from(urlDigest(file), 'hex') }),
  }
  const holder = await holderOf(deps, 'robots', `${origin}/robots.txt`)
  return holder === null ? null : robotsOf(db, crawlNo, holder)
}

async function findKnown(context: CommandContext, session: Session, url: string, sha: Buffer): Promise<KnownUrl> {
  const asked = context.options['crawl']
  const crawl = typeof asked === 'string' ? await findCrawl(session, asked) : null
  const crawls = await crawlsOfUrl(session.db, sha)
  const found = crawl === null ? crawls : crawls.filter(({ id }) => id === crawl.id)
  const [first, ...others] = found
  if (!first) throw await unknownUrl(session, url, crawl?.id ?? null)
  if (others.length > 0) context.out.say(`also known to ${others.map(({ id }) => id).join(', ')} (--crawl)`)
  return first
}

/** Why a crawl does not know a URL: outside its scope, or nothing that it read led there. */
async function unknownUrl(session: Session, url: string, only: string | null): Promise<PermanentError> {
  const crawls = (await listCrawls(session.db)).filter(({ id }) => only === null || id === only)
  const inside = crawls.find(({ section }) => isInScope(section as CrawlSection, url))
  const refused = await refusedLinks(
    session.db,
    crawls.map(({ crawl_no: no }) => no),
    url,
  )
  const link = refused[0]?.signals.find((signal) => signal.where === 'link' && signal.url === url)
  const fact =
    crawls.length === 0
      ? 'there is no crawl yet'
      : link
        ? `was not followed: the link on ${refused[0]?.url ?? ''} says "${link.raw ?? link.signal}"`
        : inside
          ? `lies in the scope of crawl ${inside.id}, but no page, sitemap or redirect that it read led there`
          : `lies outside the scope of ${only === null ? 'every crawl' : `crawl ${only}`}, and none of its pages shows it as a picture`
  return new PermanentError('URL_NOT_FOUND', `url ${url}: ${fact}`, {
    mend: inside ? `./mella crawl show ${inside.id}` : './mella crawl list',
  })
}

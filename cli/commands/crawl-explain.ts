import { canonicalUrl, urlDigest } from '../../activities/crawl/canonical-url.ts'
import { describeHistory } from '../../activities/explain/describe-history.ts'
import { describeUrl } from '../../activities/explain/describe-url.ts'
import { explainUrl, isInScope } from '../../activities/explain/explain-url.ts'
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
    const robots = await robotsOf(session.db, known.crawl_no, new URL(url).origin)
    const explanation = explainUrl(url, known, robots, await capturesOfUrl(session.db, known.crawl_no, sha))
    const history = await historyOfUrl(session.db, known.crawl_no, sha)
    const host = await hostOfUrl(session.db, known.crawl_no, new URL(url).host)
    if (context.json) context.out.json({ ...explanation, host, history })
    else for (const line of [...describeUrl(explanation), ...describeHistory(history, host)]) context.out.line(line)
    return EXIT.ok
  },
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
  const fact =
    crawls.length === 0
      ? 'there is no crawl yet'
      : inside
        ? `lies in the scope of crawl ${inside.id}, but no page, sitemap or redirect that it read led there`
        : `lies outside the scope of ${only === null ? 'every crawl' : `crawl ${only}`}, and none of its pages shows it as a picture`
  return new PermanentError('URL_NOT_FOUND', `url ${url}: ${fact}`, {
    mend: inside ? `./mella crawl show ${inside.id}` : './mella crawl list',
  })
}

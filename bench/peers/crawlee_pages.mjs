/**
 * Peer of bench/crawl.ts: Crawlee's CheerioCrawler with its queue on disk. Takes SEEDS (JSON) OUT CONCURRENCY; writes one
 * line of JSON per picture with a text. Run with @crawlee/cheerio in node_modules beside it.
 */
import { createWriteStream } from 'node:fs'
import { CheerioCrawler, Configuration, log } from '@crawlee/cheerio'

const [seeds, out, concurrency] = process.argv.slice(2)
log.setLevel(log.LEVELS.ERROR)
const rows = createWriteStream(out)
const crawler = new CheerioCrawler(
  {
    minConcurrency: Number(concurrency),
    maxConcurrency: Number(concurrency),
    maxRequestRetries: 0,
    respectRobotsTxtFile: true,
    autoscaledPoolOptions: { maybeRunIntervalSecs: 0.05 },
    async requestHandler({ $, request, enqueueLinks }) {
      $('img').each((_, element) => {
        const text = $(element).attr('alt') ?? $(element).attr('title')
        const source = $(element).attr('src')
        if (text && source)
          rows.write(`${JSON.stringify({ page: request.url, image: new URL(source, request.url).href, text })}\n`)
      })
      await enqueueLinks({ strategy: 'same-hostname' })
    },
  },
  new Configuration({ persistStorage: true, purgeOnStart: true }),
)
await crawler.run(JSON.parse(seeds))
rows.end()

/**
 * Serves a built corpus (`sites.json` and `sites/`) from memory, each site on a loopback address of its own, fast enough
 * not to be the limit. Pictures are off limits by robots.txt: every crawler of a comparison fetches the same pages.
 *   node bench/crawl/site-server.ts CORPUS LOG
 * Prints one line of JSON, `{"seeds": [...]}`, when ready. The log has a line a request: epoch milliseconds, host,
 * path, status, tab-separated; it is written when the server ends by SIGTERM.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'

const ROBOTS = [
  'User-agent: *',
  ...['/private/', ...['png', 'jpg', 'svg', 'gif', 'xpm'].map((kind) => `/*.${kind}$`)].map(
    (rule) => `Disallow: ${rule}`,
  ),
].join('\n')
const TYPES: Record<string, string> = { '.html': 'text/html', '.css': 'text/css', '.txt': 'text/plain' }

const [corpus = '', logFile = ''] = process.argv.slice(2)
const sites = JSON.parse(readFileSync(path.join(corpus, 'sites.json'), 'utf8')) as { site: string; octet: number }[]
const log: string[] = []
const port = await new Promise<number>((resolve) => {
  const probe = http.createServer().listen(0, '127.18.0.1', () => {
    const { port: free } = probe.address() as { port: number }
    probe.close(() => resolve(free))
  })
})
const seeds: string[] = []
for (const { site, octet } of sites) {
  const files = load(path.join(corpus, 'sites', site))
  const address = `127.18.0.${octet}`
  const server = http.createServer((request, response) => {
    const asked = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/')
    const name = asked.endsWith('/') ? `${asked}index.html` : asked
    const body = name === '/robots.txt' ? Buffer.from(ROBOTS) : files.get(name)
    const status = body === undefined ? 404 : 200
    log.push(`${Date.now()}\t${address}\t${asked}\t${status}`)
    response.writeHead(status, {
      'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream',
      'content-length': body?.length ?? 0,
    })
    response.end(body)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => void server.listen(port, address, () => resolve()))
  seeds.push(`http://${address}:${port}/`)
}
console.log(JSON.stringify({ seeds }))
process.once('SIGTERM', () => {
  writeFileSync(logFile, log.map((line) => `${line}\n`).join(''))
  process.exit(0)
})

/** Pages and what else is text; pictures are not asked for. */
function load(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || TYPES[path.extname(entry.name)] === undefined) continue
    const file = path.join(entry.parentPath, entry.name)
    files.set(`/${path.relative(folder, file)}`, readFileSync(file))
  }
  return files
}

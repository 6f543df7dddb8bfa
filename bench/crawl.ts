import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder } from '../infra/services/cache.ts'
import { CHECKOUT } from '../test/support/chaos/play.ts'
import { type Command, compare, type MakeCommand, mellaCommand, run } from './crawl/compare.ts'

const HELP = `Crawls the pages of a corpus with mella, Crawlee and Scrapy in turn, and prints pages a second of each.

  npm run bench -- crawl --corpus DIR [--rounds N] [--tools LIST]

Pages a second are those of the site's own log, from its first request to its last; the processor seconds and the
memory are those of the whole process tree, with mella Postgres and Temporal included. All three obey robots.txt, which
keeps them off pictures; mella extracts, writes WARC and a durable frontier, Crawlee and Scrapy keep their queue on disk.
Peers are installed into the cache on first use (npm and Python 3).

  --corpus DIR   sites.json and sites/, as the corpus builder makes them
  --rounds N     runs of each tool, in turn (5)
  --tools LIST   of mella,crawlee,scrapy (all)
  --per-host N   requests at a time to one host, of mella (16); the peers may have all of theirs there
  --concurrency N  of the peers (32)
`
const CRAWLEE = '3.18.1'
const SCRAPY = '2.19.0'

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    tools: { type: 'string', default: 'mella,crawlee,scrapy' },
    'per-host': { type: 'string', default: '16' },
    concurrency: { type: 'string', default: '32' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || values.corpus === '') process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const peers = path.join(cacheFolder(process.env.MELLA_CACHE ?? null, process.env.XDG_CACHE_HOME ?? null), 'peers')
  const all: Record<string, MakeCommand> = {
    mella: (seeds, folder) => mellaCommand(seeds, folder, values['per-host']),
    crawlee: (seeds, folder) => crawleeCommand(peers, seeds, folder),
    scrapy: (seeds, folder) => scrapyCommand(peers, seeds, folder),
  }
  const tools = values.tools.split(',').map((tool): [string, MakeCommand] => {
    const make = all[tool]
    if (!make) throw new Error(`--tools ${tool} is none of ${Object.keys(all).join(', ')}`)
    return [tool, make]
  })
  await compare(values.corpus, new Map(tools), Number(values.rounds))
}

async function crawleeCommand(peers: string, seeds: string[], folder: string): Promise<Command> {
  const home = path.join(peers, `crawlee-${CRAWLEE}`)
  if (!existsSync(path.join(home, 'node_modules/@crawlee/cheerio'))) {
    mkdirSync(home, { recursive: true })
    writeFileSync(path.join(home, 'package.json'), '{"private": true}')
    await run('npm', ['install', '--no-audit', '--no-fund', `@crawlee/cheerio@${CRAWLEE}`], home, process.env)
  }
  const script = path.join(home, 'crawlee_pages.mjs')
  writeFileSync(script, readFileSync(path.join(CHECKOUT, 'bench/peers/crawlee_pages.mjs')))
  return {
    command: process.execPath,
    args: [script, JSON.stringify(seeds), path.join(folder, 'rows.jsonl'), values.concurrency],
    cwd: folder,
    env: { ...process.env, CRAWLEE_STORAGE_DIR: path.join(folder, 'storage') },
    after: () => Promise.resolve(),
  }
}

async function scrapyCommand(peers: string, seeds: string[], folder: string): Promise<Command> {
  const home = path.join(peers, `scrapy-${SCRAPY}`)
  const python = path.join(home, 'bin/python')
  if (!existsSync(path.join(home, 'bin/scrapy'))) {
    await run('python3', ['-m', 'venv', home], CHECKOUT, process.env)
    await run(python, ['-m', 'pip', '-q', 'install', `scrapy==${SCRAPY}`], CHECKOUT, process.env)
  }
  return {
    command: python,
    args: [
      path.join(CHECKOUT, 'bench/peers/scrapy_pages.py'),
      JSON.stringify(seeds),
      path.join(folder, 'rows.jsonl'),
      path.join(folder, 'job'),
      values.concurrency,
    ],
    cwd: folder,
    env: process.env,
    after: () => Promise.resolve(),
  }
}

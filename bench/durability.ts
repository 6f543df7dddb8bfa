import path from 'node:path'
import { parseArgs } from 'node:util'
import { CHECKOUT } from '../test/support/chaos/play.ts'
import { type Command, compare, homeWithServices, type MakeCommand, mellaCommand } from './crawl/compare.ts'
import { YOUNG_HEAP } from '../cli/jobs/worker-processes.ts'

const HELP = `What durability costs a crawl: mella beside a loop that does the same to each page without it.

  npm run bench -- durability --corpus DIR [--rounds N]

Three runs in turn: mella; the loop with the same rows in Postgres, but no Temporal, shards, leases or claims; the loop
with a file of lines and no database at all. Fetching, extraction, opt-outs and WARC are the product's own in all three.
Pages a second are those of the site's own log, from its first request to its last.

  --corpus DIR   sites.json and sites/, as the corpus builder makes them
  --rounds N     runs of each, in turn (5)
  --per-host N   requests at a time to one host (16)
`
const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    'per-host': { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || values.corpus === '') process.stdout.write(HELP)
else
  await compare(
    values.corpus,
    new Map<string, MakeCommand>([
      ['mella', (seeds, folder) => mellaCommand(seeds, folder, values['per-host'])],
      ['loop with rows', (seeds, folder) => loop(seeds, folder, 'rows')],
      ['loop with files', (seeds, folder) => loop(seeds, folder, 'files')],
    ]),
    Number(values.rounds),
  )

async function loop(seeds: string[], folder: string, mode: 'rows' | 'files'): Promise<Command> {
  const { env, stop } = await homeWithServices(folder)
  return {
    command: process.execPath,
    args: [
      YOUNG_HEAP,
      path.join(CHECKOUT, 'bench/peers/bare-loop.ts'),
      JSON.stringify(seeds),
      mode,
      values['per-host'],
    ],
    cwd: CHECKOUT,
    env,
    after: stop,
  }
}

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { differencesOf, digestsOf, excessOf, requestsOf } from '../test/support/chaos/compare.ts'
import { describeKill, disturb, mostRepeated } from '../test/support/chaos/disturb.ts'
import { CHECKOUT, EXAMPLE_SITE, openPlay, type Play, runMella, startMella } from '../test/support/chaos/play.ts'

const HELP = `Makes a release undisturbed, then again in a second home while workers, Postgres and Temporal are killed.

  node bench/chaos.ts [--spec FILE] [--dir DIR] [--kills N] [--seed N] [--corpus DIR --serve FILE]

Kills are SIGKILL, of processes that Postgres says hold work at that moment. Ends with 0 when every step met a kill,
the roots and the data files are the same, and site and model server saw no more than what was in flight.

  --spec FILE     spec to release (examples/demo.yaml)
  --dir DIR       folder of both homes, made anew (/tmp/mella-chaos)
  --kills N       kills of workers (24)
  --seed N        of the random choices (1)
  --port N        port of the site, for a spec that names it (0)
  --serve FILE    Python program that serves --corpus instead of the example site
  --corpus DIR    what it serves
  --keep          leave services and folders
`

/** Every step that notes what it holds. */
const STEPS = [
  'crawl',
  'freeze',
  'plan',
  'extract',
  'page-language',
  'text',
  'known-abuse',
  'normalise',
  'safety',
  'frequency',
  'duplicates',
  'judge-candidates',
  'form-samples',
  'judge-samples',
  'preselect',
  'caption',
  'translate',
  'thick',
  'select',
  'package',
  'package-plan',
  'package-file',
  'package-finish',
]
const SERVICES = [
  { name: 'postgres', during: 'crawl' },
  { name: 'temporal', during: 'crawl' },
  { name: 'temporal', during: 'normalise' },
  { name: 'postgres', during: 'caption' },
  { name: 'temporal', during: 'caption' },
] as const
const DATASET_KEY = 'c4'.repeat(32)

const { values } = parseArgs({
  options: {
    spec: { type: 'string', default: path.join(CHECKOUT, 'examples', 'demo.yaml') },
    dir: { type: 'string', default: '/tmp/mella-chaos' },
    kills: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '0' },
    serve: { type: 'string' },
    corpus: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string) => void process.stdout.write(`${line}\n`)

if (values.help) say(HELP)
else process.exitCode = (await run()) ? 0 : 1

async function run(): Promise<boolean> {
  rmSync(values.dir, { recursive: true, force: true })
  mkdirSync(values.dir, { recursive: true })
  const lists = path.join(values.dir, 'abuse.txt')
  // No picture has it: the list is there so that the step runs.
  writeFileSync(lists, `${'f'.repeat(64)}\n`)
  const quiet = await launch('quiet', lists)
  const loud = await launch('loud', lists)
  const kills = loud.kills
  say(`\nkills (${kills.length}):`)
  for (const kill of kills) say(describeKill(kill))
  const allowed = mostRepeated(kills)
  const site = excessOf(quiet.site, loud.site)
  const models = excessOf(quiet.models, loud.models)
  const met = new Set(
    kills.filter((kill) => kill.target === 'worker').flatMap((kill) => kill.held.map((it) => it.step)),
  )
  const checks: [string, boolean, string][] = [
    ['steps met', STEPS.every((step) => met.has(step)), STEPS.filter((step) => !met.has(step)).join(' ') || 'all'],
    [
      'worker kills',
      kills.filter((kill) => kill.target === 'worker').length >= Number(values.kills),
      String(kills.length),
    ],
    ['root', quiet.root === loud.root, `${quiet.root} ${loud.root}`],
    ['data files', quiet.data.size > 0 && differencesOf(quiet.data, loud.data).length === 0, `${quiet.data.size}`],
    ['site', site.total <= allowed.site && site.never.length === 0, `${site.total} of at most ${allowed.site} more`],
    [
      'models',
      models.total <= allowed.models && models.never.length === 0,
      `${models.total} of at most ${allowed.models} more`,
    ],
    ['seconds', true, `${quiet.seconds.toFixed(1)} undisturbed, ${loud.seconds.toFixed(1)} with kills`],
  ]
  for (const [name, ok, detail] of checks) say(`${ok ? 'ok  ' : 'BAD '} ${name}: ${detail}`)
  return checks.every(([, ok]) => ok)
}

async function launch(name: 'quiet' | 'loud', lists: string) {
  const serve =
    values.serve === undefined ? EXAMPLE_SITE : { command: 'python3', args: [values.serve, values.corpus ?? ''] }
  const home = path.join(values.dir, name)
  await using play = await openPlay({
    home,
    site: { ...serve, flags: ['--port', values.port] },
    datasetKey: DATASET_KEY,
    env: { MELLA_ABUSE_LISTS: lists, MELLA_WORKERS: 'orchestrator=1,io=2,cpu=2,model=1' },
  })
  const begin = performance.now()
  const running = startMella(['release', 'launch', values.spec, '--wait', '--json'], {
    env: play.env,
    log: path.join(home, 'launch.log'),
  })
  const stop = new AbortController()
  void running.end.then(() => stop.abort())
  const kills =
    name === 'quiet'
      ? []
      : await disturb(
          home,
          {
            steps: STEPS,
            kills: Number(values.kills),
            services: SERVICES,
            pause: 4_000,
            random: randomOf(Number(values.seed)),
            say,
          },
          stop.signal,
        )
  const { code, stdout, stderr } = await running.end
  const seconds = (performance.now() - begin) / 1000
  say(`${name}: ended with ${code} after ${seconds.toFixed(1)} s`)
  if (code !== 0) throw new Error(`${name}: ${stderr.split('\n').slice(-20).join('\n')}`)
  return { kills, seconds, ...(await resultOf(play, stdout)) }
}

async function resultOf(play: Play, stdout: string) {
  const { id, root } = JSON.parse(stdout) as { id: string; root: string }
  const out = path.join(play.home, 'export')
  const exported = await runMella(['release', 'export', id, out], { env: play.env })
  if (exported.code !== 0) throw new Error(exported.stderr)
  await play.site.stop()
  await play.models.stop()
  return {
    root,
    data: digestsOf(path.join(out, 'data')),
    site: requestsOf(play.site.log),
    models: requestsOf(play.models.log),
  }
}

/** Mulberry32: the same choices for the same seed, so far as the processes keep step. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

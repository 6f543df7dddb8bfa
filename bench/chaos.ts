import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Check, sayChecks } from '../test/support/chaos/checks.ts'
import { differencesOf } from '../test/support/chaos/compare.ts'
import { describeKill } from '../test/support/chaos/disturb.ts'
import { CHECKOUT, EXAMPLE_SITE, openPlay, type Play } from '../test/support/chaos/play.ts'
import { randomOf } from '../test/support/chaos/random.ts'
import { costOf, dataOf, filesOf, makeRelease } from '../test/support/chaos/release.ts'

const HELP = `Makes a release undisturbed, then again in a second home while workers, Postgres and Temporal are killed.

  node bench/chaos.ts [--spec FILE] [--dir DIR] [--kills N] [--seed N] [--corpus DIR --serve FILE]

Kills are SIGKILL, of processes that Postgres says hold work at that moment. Ends with 0 when every step met a kill,
the roots and the data files are the same, and site and model server saw no more than what was in flight.

  --spec FILE     spec to release (examples/demo.yaml)
  --dir DIR       folder of both homes, made anew (mella-chaos in the system's folder for temporary files)
  --kills N       kills of workers (24)
  --seed N        of the random choices (1)
  --port N        port of the site, for a spec that names it (0)
  --serve FILE    Python program that serves --corpus instead of the example site
  --corpus DIR    what it serves
`

/** Every step that notes what it holds. The crawl extracts pages itself: a release reads that, `--again` redoes it. */
const STEPS_AGAIN = ['extract']
const STEPS = [
  'crawl',
  'freeze',
  'plan',
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

const { values } = parseArgs({
  options: {
    spec: { type: 'string', default: path.join(CHECKOUT, 'examples', 'demo.yaml') },
    dir: { type: 'string', default: path.join(tmpdir(), 'mella-chaos') },
    kills: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '0' },
    serve: { type: 'string' },
    corpus: { type: 'string' },
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
  const common = { pause: 4_000, random: randomOf(Number(values.seed)), say }

  const quiet = await play('quiet', lists)
  const undisturbed = await makeRelease(quiet, values.spec, null)
  say(`undisturbed: ${undisturbed.seconds.toFixed(1)} s`)
  const before = await filesOf(quiet, undisturbed.id)
  await quiet[Symbol.asyncDispose]()

  const loud = await play('loud', lists)
  const disturbed = await makeRelease(loud, values.spec, {
    ...common,
    steps: STEPS,
    kills: Number(values.kills),
    services: SERVICES,
  })
  say(`disturbed: ${disturbed.seconds.toFixed(1)} s`)
  const after = await filesOf(loud, disturbed.id)
  const plan = { ...common, steps: STEPS_AGAIN, kills: STEPS_AGAIN.length, services: [] }
  const again = await makeRelease(loud, values.spec, plan, ['--again'])
  await loud[Symbol.asyncDispose]()

  const kills = [...disturbed.kills, ...again.kills]
  say(`\nkills (${kills.length}):`)
  for (const kill of kills) say(describeKill(kill))
  const { site, models } = costOf(kills, quiet, loud)
  const workers = kills.filter((kill) => kill.target === 'worker')
  const met = new Set(workers.flatMap((kill) => kill.held.map((it) => it.step)))
  const unmet = [...STEPS, ...STEPS_AGAIN].filter((step) => !met.has(step))
  const missed = SERVICES.length - (kills.length - workers.length)
  const other = differencesOf(dataOf(before), dataOf(after))
  const checks: Check[] = [
    ['steps met', unmet.length === 0, unmet.join(' ') || 'all'],
    ['worker kills', workers.length >= Number(values.kills), String(workers.length)],
    ['service kills', missed === 0, `${SERVICES.length - missed} of ${SERVICES.length}`],
    ['root', undisturbed.root === disturbed.root, disturbed.root],
    [
      'data files',
      dataOf(before).size > 0 && other.length === 0,
      other.join(', ') || `${dataOf(before).size} the same`,
    ],
    ['site', site.more <= site.atMost && site.never.length === 0, `${site.more} of at most ${site.atMost} more`],
    [
      'models',
      models.more <= models.atMost && models.never.length === 0,
      `${models.more} of at most ${models.atMost} more`,
    ],
  ]
  return sayChecks(checks, say)
}

function play(name: string, lists: string): Promise<Play> {
  const site =
    values.serve === undefined ? EXAMPLE_SITE : { command: 'python3', args: [values.serve, values.corpus ?? ''] }
  return openPlay({
    home: path.join(values.dir, name),
    site: { ...site, flags: ['--port', values.port] },
    env: { MELLA_ABUSE_LISTS: lists, MELLA_WORKERS: 'orchestrator=1,io=2,cpu=2,model=1' },
  })
}

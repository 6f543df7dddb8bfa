import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { OTHER_SURROUNDINGS, writeDemoSpec } from '../test/support/chaos/biting-spec.ts'
import { differencesOf, digestsOf } from '../test/support/chaos/compare.ts'
import { EXAMPLE_SITE, openPlay, startMella } from '../test/support/chaos/play.ts'
import { dataOf, filesOf, makeRelease } from '../test/support/chaos/release.ts'

const HELP = `Makes one release under unlike settings and says which files differ.

  node bench/variations.ts [--dir DIR] [--languages LIST]

From one store with --again under another TZ, LANG, umask and folder, other workers, concurrency and shard size: every
file. From a second home with the same dataset key and a slow site: root and data/. The spec's page budget, host quota,
near pictures and target all bite.
`

const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: path.join(tmpdir(), 'mella-variations') },
    languages: { type: 'string', default: 'ar,cs,hu,ko,ru,th,vi' },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string) => void process.stdout.write(`${line}\n`)

if (values.help) say(HELP)
else process.exitCode = (await run()) ? 0 : 1

async function run(): Promise<boolean> {
  rmSync(values.dir, { recursive: true, force: true })
  mkdirSync(values.dir, { recursive: true })
  const spec = writeDemoSpec(path.join(values.dir, 'spec.yaml'), values.languages.split(','), true)
  const datasetKey = 'a7'.repeat(32)

  await using first = await openPlay({ home: path.join(values.dir, 'first'), site: EXAMPLE_SITE, datasetKey })
  const made = await makeRelease(first, spec, null)
  const files = await filesOf(first, made.id)
  const { env, umask, cwd } = OTHER_SURROUNDINGS
  const again = await startMella(['release', 'launch', spec, '--wait', '--again'], {
    env: { ...first.env, ...env },
    umask,
    cwd,
  }).end
  const runs = digestsByRun(path.join(first.home, 'store', 'releases', made.id))
  const recomputed = runs.slice(1).flatMap((other) => differencesOf(runs[0] ?? new Map(), other))
  await first.stopServices()

  await using second = await openPlay({
    home: path.join(values.dir, 'second'),
    site: { ...EXAMPLE_SITE, flags: ['--delay', '50'] },
    datasetKey,
    env,
  })
  const other = await makeRelease(second, spec, null)
  const elsewhere = differencesOf(dataOf(files), dataOf(await filesOf(second, other.id)))
  const checks: [string, boolean, string[]][] = [
    ['--again ends with 0', again.code === 0 && runs.length === 2, again.stderr.split('\n').slice(-8)],
    [`--again: ${files.size} files`, recomputed.length === 0, recomputed],
    ['second home: root', made.root === other.root, [made.root, other.root]],
    [`second home: ${dataOf(files).size} files of data/`, elsewhere.length === 0 && dataOf(files).size > 0, elsewhere],
  ]
  for (const [name, ok, detail] of checks) {
    say(`${ok ? 'ok  ' : 'BAD '} ${name}`)
    if (!ok) for (const line of detail) say(`       ${line}`)
  }
  return checks.every(([, ok]) => ok)
}

/** The files of each run of a release, in the order of runs. */
function digestsByRun(folder: string): Map<string, string>[] {
  const runs = new Map<number, Map<string, string>>()
  for (const [file, sha] of digestsOf(folder)) {
    const [run = '', ...rest] = file.split(path.sep)
    const number = Number(run.replace('run-', ''))
    const files = runs.get(number) ?? new Map<string, string>()
    files.set(rest.join('/'), sha)
    runs.set(number, files)
  }
  return [...runs].sort(([a], [b]) => a - b).map(([, files]) => files)
}

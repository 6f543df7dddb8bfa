import { readFileSync } from 'node:fs'
import path from 'node:path'
import { verifyRelease } from '../../activities/verify/verify-release.ts'
import type { Settings } from '../../infra/config.ts'
import { ReleaseFolder } from '../../infra/release-folder.ts'
import { releaseFolder } from '../../infra/release-place.ts'
import { verifyNote } from '../../infra/signing.ts'
import { readSpecFile } from '../../infra/spec-file.ts'
import { EXIT } from '../../schema/contracts/errors.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { finishedRun } from '../../schema/queries/releases.ts'
import type { Command, CommandContext } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { startExample } from '../jobs/example-servers.ts'
import { planLaunch } from '../jobs/release-job.ts'
import { releaseExportCommand } from './release-export.ts'
import { launchSpec } from './release-launch.ts'

interface DemoFile {
  /** Public, so that the demo's root is the same everywhere. */
  dataset_key: string
  /** Platform -> root recorded for it. */
  roots: Record<string, string>
}

export const demoCommand: Command = {
  name: 'demo',
  summary: 'crawl the example site and make a verified release of it, on embedded services',
  args: [],
  options: {
    out: { type: 'string', value: 'DIR', what: 'write the release here, too' },
    again: { type: 'boolean', what: 'recompute the demo beside what is stored; 3 on any difference' },
  },
  json: true,
  example: './mella demo --out ./demo-release',
  run: async (context) => {
    const { checkout } = context.settings()
    const demo = JSON.parse(readFileSync(path.join(checkout, 'examples', 'demo.json'), 'utf8')) as DemoFile
    const spec = readSpecFile(path.join(checkout, 'examples', 'demo.yaml'))
    const { existing } = await plan(withExamples(context, demo, null), spec)
    const needsServers = existing === null
    const [site, models] = needsServers
      ? await Promise.all([startExample(checkout, 'site/main.ts'), startExample(checkout, 'model-server/main.ts')])
      : [null, null]
    try {
      const servers =
        site && models ? { port: Number(site.ready['port']), baseUrl: String(models.ready['base_url']) } : null
      const own = withExamples(context, demo, servers)
      await using session = await connect(own, 'writer')
      const again = existing !== null && context.options['again'] === true
      const code = await launchSpec({ ...own, options: { wait: true, relabel: true, again } }, session, spec)
      return code === EXIT.ok ? await finish(own, session, demo, spec) : code
    } finally {
      site?.stop()
      models?.stop()
    }
  },
}

async function plan(own: CommandContext, spec: ReleaseSpec) {
  await using session = await connect(own, 'writer')
  return await planLaunch(session, spec)
}

async function finish(own: CommandContext, session: Session, demo: DemoFile, spec: ReleaseSpec): Promise<number> {
  const release = (await planLaunch(session, spec)).existing
  const finished = release && (await finishedRun(session.db, release.release_no))
  if (!release || !finished) return EXIT.failed
  const target = own.options['out']
  if (typeof target === 'string') await releaseExportCommand.run({ ...own, args: [release.id, target], options: {} })
  const folder = new ReleaseFolder(releaseFolder(session.settings, release.id, finished.run))
  const verified = await verifyRelease(folder, { verifyNote })
  own.out.say(verified.ok ? 'verified: files, rows, Merkle root and signature' : 'the release does NOT verify')
  const code = compareRoot(own, demo, finished.root.toString('hex'), release.id)
  return verified.ok ? code : EXIT.failed
}

/** The demo's own settings over the user's: its sites' names lead to loopback, its key is public. */
function withExamples(
  context: CommandContext,
  demo: DemoFile,
  servers: { port: number; baseUrl: string } | null,
): CommandContext {
  const settings = context.settings()
  const model = { baseUrl: servers?.baseUrl ?? null, apiKey: null }
  const own: Settings = {
    ...settings,
    datasetKey: demo.dataset_key,
    resolve: servers ? [{ pattern: '*.demo.example', host: '127.0.0.1', port: servers.port }] : [],
    networkAllow: ['127.0.0.1/32'],
    models: { caption: model, translate: model, thick: model },
  }
  return { ...context, settings: () => own }
}

function compareRoot({ out }: CommandContext, demo: DemoFile, root: string, id: string): number {
  const platform = `${process.platform}-${process.arch}`
  const recorded = demo.roots[platform]
  if (recorded === undefined) out.say(`no root is recorded for ${platform} yet`)
  else if (recorded === root) out.say(`the root equals the one recorded for ${platform}`)
  else out.say(`the root DIFFERS from the one recorded for ${platform}: ${recorded}`)
  out.say('try next:')
  for (const next of [`release verify ${id}`, `sample list ${id} --lang sr-Latn`, 'demo --again'])
    out.say(`  ./mella ${next}`)
  return recorded !== undefined && recorded !== root ? EXIT.failed : EXIT.ok
}

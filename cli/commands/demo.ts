import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../../infra/config.ts'
import { readSpecFile } from '../../infra/spec-file.ts'
import { EXIT } from '../../schema/contracts/errors.ts'
import { finishedRun, listReleases } from '../../schema/queries/releases.ts'
import type { Command, CommandContext } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { startExample } from '../jobs/example-servers.ts'
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
  options: { out: { type: 'string', value: 'DIR', what: 'write the release here, too' } },
  json: true,
  example: './mella demo --out ./demo-release',
  run: async (context) => {
    const settings = context.settings()
    const demo = JSON.parse(readFileSync(path.join(settings.checkout, 'examples', 'demo.json'), 'utf8')) as DemoFile
    const spec = readSpecFile(path.join(settings.checkout, 'examples', 'demo.yaml'))
    const [site, models] = await Promise.all([
      startExample(settings.checkout, 'site/main.ts'),
      startExample(settings.checkout, 'model-server/main.ts'),
    ])
    try {
      const own = withExamples(context, settings, demo, Number(site.ready['port']), String(models.ready['base_url']))
      await using session = await connect(own, 'writer')
      const code = await launchSpec({ ...own, options: { wait: true, relabel: true } }, session, spec)
      if (code !== EXIT.ok) return code
      const release = (await listReleases(session.db)).find(
        (one) => one.dataset === spec.dataset && one.state === 'done',
      )
      const finished = release && (await finishedRun(session.db, release.release_no))
      if (!release || !finished) return EXIT.failed
      const out = context.options['out']
      if (typeof out === 'string') await releaseExportCommand.run({ ...own, args: [release.id, out], options: {} })
      return compareRoot(context, demo, finished.root.toString('hex'), release.id)
    } finally {
      site.stop()
      models.stop()
    }
  },
}

/** The demo's own settings over the user's: its sites' names lead to loopback, its key is public. */
function withExamples(
  context: CommandContext,
  settings: Settings,
  demo: DemoFile,
  port: number,
  baseUrl: string,
): CommandContext {
  const models = {
    caption: { baseUrl, apiKey: null },
    translate: { baseUrl, apiKey: null },
    thick: { baseUrl, apiKey: null },
  }
  const own: Settings = {
    ...settings,
    datasetKey: demo.dataset_key,
    resolve: [{ pattern: '*.demo.example', host: '127.0.0.1', port }],
    networkAllow: ['127.0.0.1/32'],
    models,
  }
  return { ...context, settings: () => own }
}

function compareRoot(context: CommandContext, demo: DemoFile, root: string, id: string): number {
  const platform = `${process.platform}-${process.arch}`
  const recorded = demo.roots[platform]
  const { out } = context
  if (recorded === undefined) out.say(`no root is recorded for ${platform} yet`)
  else if (recorded === root) out.say(`the root equals the one recorded for ${platform}`)
  else out.say(`the root DIFFERS from the one recorded for ${platform}: ${recorded}`)
  out.say('try next:')
  for (const next of [
    `./mella release verify ${id}`,
    `./mella sample list ${id} --lang sr-Latn`,
    `./mella release launch examples/demo.yaml --again --wait`,
  ])
    out.say(`  ${next}`)
  return recorded !== undefined && recorded !== root ? EXIT.failed : EXIT.ok
}

/** A worker process: `node workers/main.ts ROLE...`. Runs until SIGTERM or SIGINT, drains, then ends with 0. */
import { enableCompileCache, flushCompileCache } from 'node:module'
import { parseArgs } from 'node:util'

enableCompileCache()
// After the cache is on: what these load is most of what a worker takes to start.
const { loadConfig, SETTING_FLAGS } = await import('../infra/config.ts')
const { runWorker } = await import('./run-worker.ts')

const { values: flags, positionals: roles } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    ...Object.fromEntries(SETTING_FLAGS.map(({ flag }) => [flag, { type: 'string' as const }])),
    // Loads everything, then waits for the end of its input: services start meanwhile.
    'await-services': { type: 'boolean' as const, default: false },
  },
})
const { 'await-services': awaitsServices, ...settingFlags } = flags as Record<string, string> & {
  'await-services': boolean
}
const settings = loadConfig({ env: process.env, flags: settingFlags, cwd: process.cwd() })
await runWorker(settings, roles, {
  servicesRun: awaitsServices ? endOfInput() : Promise.resolve(true),
  // A worker may end without time to do it, and the next one is wanted sooner.
  onRunning: flushCompileCache,
})

/** False when there is nobody any more who would have said it: then this is not to run either. */
async function endOfInput(): Promise<boolean> {
  let said = ''
  for await (const chunk of process.stdin) said += String(chunk)
  return said !== ''
}

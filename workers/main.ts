import path from 'node:path'
import { parseArgs } from 'node:util'
import { NativeConnection, Runtime as TemporalRuntime, Worker, type WorkerOptions } from '@temporalio/worker'
import { ORCHESTRATOR_QUEUE } from '../activities/steps/tool-versions.ts'
import { loadConfig, SETTING_FLAGS } from '../infra/config.ts'
import { createProcessLogger } from '../infra/log.ts'
import { checkAppendOnly } from '../infra/self-check.ts'
import { startServices } from '../infra/services/services.ts'
import { openRuntime, type Runtime } from './runtime.ts'
import { workflowBundle } from './workflow-bundle.ts'

/** A worker process: `node workers/main.ts ROLE...`. Runs until SIGTERM or SIGINT, drains, then ends with 0. */
const { values: flags, positionals: roles } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: Object.fromEntries(SETTING_FLAGS.map(({ flag }) => [flag, { type: 'string' as const }])),
})

/** Activities of a role that one process runs at a time, and where they queue. */
const ROLES: Record<
  string,
  { slots: number; queue(runtime: Runtime): string; activities(runtime: Runtime): Promise<object> }
> = {
  orchestrator: {
    slots: 8,
    queue: () => ORCHESTRATOR_QUEUE,
    activities: async (runtime) => (await import('./roles/orchestrator.ts')).orchestratorActivities(runtime),
  },
  io: {
    slots: 32,
    queue: (runtime) => runtime.queues.io,
    activities: async (runtime) => (await import('./roles/io.ts')).ioActivities(runtime),
  },
  cpu: {
    slots: 2,
    queue: (runtime) => runtime.queues.cpu,
    activities: async (runtime) => (await import('./roles/cpu.ts')).cpuActivities(runtime),
  },
  model: {
    slots: 4,
    queue: (runtime) => runtime.queues.model,
    activities: async (runtime) => (await import('./roles/model.ts')).modelActivities(runtime),
  },
}
/** A worker that dies leaves its workflows to others after this, not after ten seconds. */
const STICKY_TIMEOUT = '1 s'
/** One chunk's time: what runs at SIGTERM may commit what it has. */
const SHUTDOWN_GRACE = '10 s'

const settings = loadConfig({ env: process.env, flags: flags as Record<string, string>, cwd: process.cwd() })
const log = createProcessLogger(settings.logLevel, { roles: roles.join(',') })
const services = await startServices(settings, (line) => log.info({ line }, 'services'))
await checkAppendOnly(services.databaseUrl)
await using runtime = await openRuntime(settings, services, 2)
TemporalRuntime.install({
  logger: {
    log() {},
    trace() {},
    debug() {},
    info() {},
    warn: (message, meta) => log.warn({ ...meta }, message),
    error: (message, meta) => log.error({ ...meta }, message),
  },
  shutdownSignals: [],
})
const connection = await NativeConnection.connect(
  settings.temporal ? settings.temporal.connection : { address: services.temporalAddress },
)
const workers: Worker[] = []
for (const name of roles) {
  const role = ROLES[name]
  if (!role) throw new Error(`role ${name} is none of ${Object.keys(ROLES).join(', ')}`)
  const options: WorkerOptions = {
    connection,
    namespace: settings.temporal?.namespace ?? 'default',
    taskQueue: role.queue(runtime),
    activities: await role.activities(runtime),
    maxConcurrentActivityTaskExecutions: role.slots,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: '20 s',
  }
  if (name === 'orchestrator') {
    options.workflowBundle = await workflowBundle(settings.checkout, path.join(settings.home, 'cache'))
    options.stickyQueueScheduleToStartTimeout = STICKY_TIMEOUT
    options.maxCachedWorkflows = 200
  }
  workers.push(await Worker.create(options))
}
const stop = () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
// A worker lives as long as the command that started it: a killed command leaves no orphans behind.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) stop()
}, 1_000).unref()
log.info({ queues: workers.map((worker) => worker.options.taskQueue) }, 'worker running')
await Promise.all(workers.map((worker) => worker.run()))
await connection.close()
log.info({}, 'worker drained')

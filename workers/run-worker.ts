import path from 'node:path'
import { NativeConnection, Runtime as TemporalRuntime, Worker, type WorkerOptions } from '@temporalio/worker'
import { ORCHESTRATOR_QUEUE } from '../activities/steps/tool-versions.ts'
import type { Settings } from '../infra/config.ts'
import { createProcessLogger, type Logger } from '../infra/log.ts'
import { tidyStore } from '../infra/open-store.ts'
import { checkAppendOnly } from '../infra/self-check.ts'
import { startServices } from '../infra/services/services.ts'
import { openRuntime, prepareRuntime, type Runtime } from './runtime.ts'
import { workflowBundle } from './workflow-bundle.ts'

interface Role {
  /** Activities that one process runs at a time. */
  slots: number
  /** Where they queue. */
  queue: (runtime: Runtime) => string
  /** Its first page comes at once. */
  parsesPages?: boolean
  /** Loads the code, which takes longer than to make the activities from it. */
  load: () => Promise<(runtime: Runtime) => object | Promise<object>>
}

const ROLES: Record<string, Role> = {
  orchestrator: {
    slots: 8,
    queue: () => ORCHESTRATOR_QUEUE,
    load: async () => (await import('./roles/orchestrator.ts')).orchestratorActivities,
  },
  io: {
    slots: 64,
    queue: (runtime) => runtime.queues.io,
    parsesPages: true,
    load: async () => (await import('./roles/io.ts')).ioActivities,
  },
  cpu: {
    slots: 2,
    queue: (runtime) => runtime.queues.cpu,
    load: async () => (await import('./roles/cpu.ts')).cpuActivities,
  },
  model: {
    slots: 4,
    queue: (runtime) => runtime.queues.model,
    load: async () => (await import('./roles/model.ts')).modelActivities,
  },
}
/** A worker that dies leaves its workflows to others after this, not after ten seconds. */
const STICKY_TIMEOUT = '1 s'
/** One chunk's time: what runs at SIGTERM may commit what it has. */
const SHUTDOWN_GRACE = '10 s'
const THREADS = 2
/** A process that freezes takes one task with each poll that it had open, and holds it until the heartbeat is missed. */
const POLLS = 2

interface Start {
  /** Resolves when services may be looked for, to false when the worker is not wanted any more. */
  servicesRun: Promise<boolean>
  /** Called once it takes work. */
  onRunning: () => void
}

/**
 * Runs the worker of some roles until SIGTERM or SIGINT, then drains. Everything that needs no service is loaded before
 * they run, and what needs one of them alone does not wait for the other. Throws HISTORY_WRITABLE, SERVICE_*.
 */
export async function runWorker(settings: Settings, roles: readonly string[], start: Start): Promise<void> {
  const parent = process.ppid
  const log = createProcessLogger(settings.logLevel, { roles: roles.join(',') })
  installTemporalLogger(log)
  const loaded = await Promise.all(roles.map(async (name) => ({ role: roleOf(name), make: await roleOf(name).load() })))
  const bundle = roles.includes('orchestrator')
    ? await workflowBundle(settings.checkout, path.join(settings.home, 'cache'))
    : null
  const prepared = await prepareRuntime(settings, THREADS)
  if (loaded.some(({ role }) => role.parsesPages)) prepared.pages.start()
  if (!(await start.servicesRun)) return prepared.pages[Symbol.asyncDispose]()
  const services = await startServices(settings, (line) => log.info({ line }, 'services'))
  const [connection] = await Promise.all([
    NativeConnection.connect(settings.temporal ? settings.temporal.connection : { address: services.temporalAddress }),
    checkAppendOnly(services.databaseUrl),
  ])
  await using runtime = await openRuntime(settings, services, THREADS, prepared)
  const workers: Worker[] = []
  for (const { role, make } of loaded) {
    const options: WorkerOptions = {
      connection,
      namespace: settings.temporal?.namespace ?? 'default',
      taskQueue: role.queue(runtime),
      activities: await make(runtime),
      maxConcurrentActivityTaskExecutions: role.slots,
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: POLLS },
      shutdownGraceTime: SHUTDOWN_GRACE,
      shutdownForceTime: '20 s',
    }
    if (role === ROLES['orchestrator'] && bundle !== null) {
      options.workflowBundle = bundle
      options.stickyQueueScheduleToStartTimeout = STICKY_TIMEOUT
      options.maxCachedWorkflows = 200
    }
    workers.push(await Worker.create(options))
  }
  stopOnSignals(parent, () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  })
  log.info({ queues: workers.map((worker) => worker.options.taskQueue) }, 'worker running')
  const ends = workers.map((worker) => worker.run())
  start.onRunning()
  void tidyStore(settings).then(
    (removed) => log.info({ removed }, 'abandoned files of the store removed'),
    (error: unknown) => log.warn({ err: error }, 'abandoned files of the store stay'),
  )
  await Promise.all(ends)
  await connection.close()
  log.info({}, 'worker drained')
}

function roleOf(name: string): Role {
  const role = ROLES[name]
  if (!role) throw new Error(`role ${name} is none of ${Object.keys(ROLES).join(', ')}`)
  return role
}

function installTemporalLogger(log: Logger): void {
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
}

function stopOnSignals(parent: number, stop: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
  // A worker lives as long as the command that started it: a killed command leaves no orphans behind.
  setInterval(() => {
    if (process.ppid !== parent) stop()
  }, 1_000).unref()
}

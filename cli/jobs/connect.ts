import type { Client, Connection } from '@temporalio/client'
import type { Kysely } from 'kysely'
import type { WorkerRole } from '../../infra/config-values.ts'
import type { Settings } from '../../infra/config.ts'
import { migrateToLatest } from '../../infra/migrate.ts'
import { openDatabase, type Role } from '../../infra/postgres.ts'
import { findRunning, type RunningServices, startServices } from '../../infra/services/services.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { CommandContext } from '../command.ts'
import { startWorkers, type WorkerProcesses } from './worker-processes.ts'

/** Loaded on first use: it is a third of what a command takes to start. */
const temporal = () => import('@temporalio/client')

export interface Session extends AsyncDisposable {
  settings: Settings
  services: RunningServices
  db: Kysely<Database>
  /** Opened on first use: commands that only read rows do without. */
  temporal(): Promise<Client>
  /** Those that were started beside the services; they drain with the session. */
  workers: WorkerProcesses | null
}

/**
 * Starts the embedded services unless they run, brings the schema up to date, and opens the database in a role. A command
 * that will wait with workers of some roles names them: when services have to start, these load their code meanwhile.
 */
export async function connect(
  context: CommandContext,
  role: Exclude<Role, 'owner'>,
  waitsWith: readonly WorkerRole[] = [],
): Promise<Session> {
  const settings = context.settings()
  const isCold = waitsWith.length > 0 && (await findRunning(settings)) === null
  const workers = isCold ? startWorkers(settings, waitsWith, { held: true }) : null
  try {
    return await open(context, role, workers)
  } catch (error) {
    await workers?.stop()
    throw error
  }
}

async function open(
  { settings: read, progress }: CommandContext,
  role: Exclude<Role, 'owner'>,
  workers: WorkerProcesses | null,
): Promise<Session> {
  const settings = read()
  // The command will start a workflow: what that takes is loaded while the services start.
  if (workers !== null) void temporal().catch(() => {})
  const services = await startServices(settings, progress.say)
  await migrateToLatest(services.databaseUrl)
  workers?.release()
  const db = openDatabase(services.databaseUrl, role, 4)
  let connection: Promise<Connection> | null = null
  const dial = () =>
    (connection ??= temporal().then((module) =>
      module.Connection.connect(
        settings.temporal ? settings.temporal.connection : { address: services.temporalAddress },
      ),
    ))
  return {
    settings,
    services,
    db,
    workers,
    temporal: async () => {
      const { Client } = await temporal()
      return new Client({ connection: await dial(), namespace: settings.temporal?.namespace ?? 'default' })
    },
    async [Symbol.asyncDispose]() {
      await workers?.stop()
      if (connection) await (await connection).close()
      await db.destroy()
    },
  }
}

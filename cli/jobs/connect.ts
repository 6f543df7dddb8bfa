import type { Client, Connection } from '@temporalio/client'
import type { Kysely } from 'kysely'
import type { Settings } from '../../infra/config.ts'
import { migrateToLatest } from '../../infra/migrate.ts'
import { openDatabase, type Role } from '../../infra/postgres.ts'
import { type RunningServices, startServices } from '../../infra/services/services.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { CommandContext } from '../command.ts'

export interface Session extends AsyncDisposable {
  settings: Settings
  services: RunningServices
  db: Kysely<Database>
  /** Opened on first use: commands that only read rows do without. */
  temporal(): Promise<Client>
}

/** Starts the embedded services unless they run, brings the schema up to date, and opens the database in a role. */
export async function connect(context: CommandContext, role: Exclude<Role, 'owner'>): Promise<Session> {
  const settings = context.settings()
  const services = await startServices(settings, context.progress.say)
  await migrateToLatest(services.databaseUrl)
  const db = openDatabase(services.databaseUrl, role, 4)
  let connection: Promise<Connection> | null = null
  // Loaded on first use, too: it is a third of what a command takes to start.
  const temporal = () => import('@temporalio/client')
  const open = () =>
    (connection ??= temporal().then((module) =>
      module.Connection.connect(
        settings.temporal ? settings.temporal.connection : { address: services.temporalAddress },
      ),
    ))
  return {
    settings,
    services,
    db,
    temporal: async () => {
      const { Client } = await temporal()
      return new Client({ connection: await open(), namespace: settings.temporal?.namespace ?? 'default' })
    },
    async [Symbol.asyncDispose]() {
      if (connection) await (await connection).close()
      await db.destroy()
    },
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startServices } from '../../infra/services/services.ts'
import { makeTestHome, removeTestHome, sweepTestHomes, testSettings } from './home.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The services of this run; `databaseUrl` names the migrated template. */
    services: { databaseUrl: string; temporalAddress: string; home: string }
  }
}

const TEMPLATE = 'mella_template'

/** One Postgres and one Temporal for the whole lane, in a home of their own that goes when the lane ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepTestHomes()
  const home = makeTestHome('service')
  const stop = (): Promise<void> => removeTestHome(home)
  try {
    const { databaseUrl, temporalAddress } = await startServices(testSettings(home), (message) =>
      process.stderr.write(`${message}\n`),
    )
    project.provide('services', { databaseUrl: await makeTemplate(databaseUrl), temporalAddress, home })
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

async function makeTemplate(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(`create database ${TEMPLATE}`)
  await client.end()
  const url = new URL(databaseUrl)
  url.pathname = `/${TEMPLATE}`
  await migrate(url.href)
  return url.href
}

/** The project's migrations, once there are some. */
async function migrate(url: string): Promise<void> {
  const path = join(import.meta.dirname, '..', '..', 'infra', 'migrate.ts')
  if (!existsSync(path)) return
  const { migrateToLatest } = (await import(path)) as { migrateToLatest: (url: string) => Promise<unknown> }
  await migrateToLatest(url)
}

import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, type Settings } from '../../infra/config.ts'
import { isRunning, ownIdentity, type ProcessIdentity } from '../../infra/services/process.ts'
import { stopServices } from '../../infra/services/services.ts'

const PREFIX = 'mella-test-home-'
const OWNER = 'test-owner.json'

/** A new MELLA_HOME that the Postgres account may enter, marked with the process that uses it. */
export function makeTestHome(name: string): string {
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`))
  chmodSync(home, 0o755)
  writeFileSync(join(home, OWNER), JSON.stringify(ownIdentity()))
  return home
}

/** Settings of a test home: embedded services, whatever the environment of the tests names. */
export function testSettings(home: string): Settings {
  return loadConfig({ env: { ...process.env, MELLA_HOME: home, DATABASE_URL: '', TEMPORAL_ADDRESS: '' }, cwd: home })
}

/** Stops what runs in a test home and removes it. */
export async function removeTestHome(home: string): Promise<void> {
  await stopServices(testSettings(home), () => {})
  rmSync(home, { recursive: true, force: true, maxRetries: 3 })
}

/** Ends what test runs that were killed left behind. */
export async function sweepTestHomes(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const home = join(tmpdir(), name)
    const owner = join(home, OWNER)
    if (existsSync(owner) && !isRunning(JSON.parse(readFileSync(owner, 'utf8')) as ProcessIdentity))
      await removeTestHome(home)
  }
}

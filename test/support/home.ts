import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new MELLA_HOME that the Postgres account may enter. */
export function makeTestHome(name: string): string {
  const home = mkdtempSync(join(tmpdir(), `mella-test-${name}-`))
  chmodSync(home, 0o755)
  return home
}

/** Removes a home whose services are stopped. */
export function removeTestHome(home: string): void {
  rmSync(home, { recursive: true, force: true, maxRetries: 3 })
}

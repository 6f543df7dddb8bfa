import type { Settings } from '../../infra/config.ts'
import { startServices } from '../../infra/services/services.ts'

/** How long an embedded service may be dead under `--wait` before it is looked at; finding both alive takes milliseconds. */
const LOOK_MS = 1_000

/**
 * Brings embedded services that died back for as long as a command waits: what they hold is on disk, and workers find
 * them again on the port they had. Services of the user's are left alone. Call the result to stop looking.
 */
export function keepServices(settings: Settings, say: (line: string) => void): () => void {
  if (settings.databaseUrl !== null && settings.temporal !== null) return () => {}
  let stopped = false
  let timer: NodeJS.Timeout
  const look = async () => {
    try {
      await startServices(settings, (line) => !stopped && say(line))
    } catch (error) {
      // Tried again: a port or memory that a killed server still holds becomes free.
      say(`services: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (!stopped) timer = setTimeout(() => void look(), LOOK_MS)
  }
  timer = setTimeout(() => void look(), LOOK_MS)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

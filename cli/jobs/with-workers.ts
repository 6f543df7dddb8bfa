import type { Progress } from '../progress.ts'
import type { Session } from './connect.ts'
import { untilInterrupted } from './interrupt.ts'
import { keepServices } from './keep-services.ts'
import { startWorkers } from './worker-processes.ts'

/**
 * `--wait`: runs the workers of the settings and keeps embedded services alive until `watch` ends, then drains.
 * Throws INTERRUPTED on Ctrl-C, with `next` as what goes on with the job, and WORKER_FAILED when workers cannot start.
 */
export async function withWorkers<Result>(
  { settings }: Pick<Session, 'settings'>,
  progress: Progress,
  watch: () => Promise<Result>,
  next: string,
): Promise<Result> {
  const stopKeeping = keepServices(settings, progress.say)
  const workers = startWorkers(settings)
  const drain = async () => {
    await workers.stop()
    stopKeeping()
  }
  const onInterrupt = () => {
    progress.end()
    progress.say('interrupted: workers commit what they hold')
  }
  return untilInterrupted(Promise.race([watch(), workers.failed]), drain, next, onInterrupt)
}

import { WORKER_ROLES, type WorkerRole } from '../../infra/config-values.ts'
import type { Progress } from '../progress.ts'
import type { Session } from './connect.ts'
import { untilInterrupted } from './interrupt.ts'
import { keepServices } from './keep-services.ts'
import { watchTrouble } from './trouble.ts'
import { startWorkers } from './worker-processes.ts'

/**
 * `--wait`: runs the workers of the settings that have a role in the job and keeps embedded services alive until `watch` ends, then drains.
 * Throws INTERRUPTED on Ctrl-C, with `next` as what goes on with the job, WORKER_FAILED when workers cannot
 * start, and DISK_FULL.
 */
export async function withWorkers<Result>(
  session: Pick<Session, 'settings' | 'temporal' | 'db' | 'workers'>,
  progress: Progress,
  watch: () => Promise<Result>,
  next: string,
  roles: readonly WorkerRole[] = WORKER_ROLES,
): Promise<Result> {
  const stopKeeping = keepServices(session.settings, progress.say)
  const workers = session.workers ?? startWorkers(session.settings, roles)
  const trouble = watchTrouble(session, progress, next)
  const drain = async () => {
    trouble.stop()
    await workers.stop()
    stopKeeping()
  }
  const onInterrupt = () => {
    progress.end()
    progress.say('interrupted: workers commit what they hold')
  }
  return untilInterrupted(Promise.race([watch(), workers.failed, trouble.failed]), drain, next, onInterrupt)
}

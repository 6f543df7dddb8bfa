import { AppError } from '../../schema/contracts/errors.ts'

/**
 * Runs `work` until it ends or Ctrl-C comes, of which `onInterrupt` hears at once; then `drain` is awaited and INTERRUPTED
 * is thrown with what to do next.
 */
export async function untilInterrupted<Result>(
  work: Promise<Result>,
  drain: () => Promise<void>,
  next: string,
  onInterrupt: () => void = () => {},
): Promise<Result> {
  let onSignal: () => void = () => {}
  const interrupted = new Promise<never>((_, reject) => {
    onSignal = () => {
      onInterrupt()
      reject(
        new AppError('INTERRUPTED', 'interrupted: the job goes on where it is as soon as workers run', { mend: next }),
      )
    }
  })
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    return await Promise.race([work, interrupted])
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    await drain()
  }
}

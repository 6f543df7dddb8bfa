/** An activity that failed for want of room, as often as `attempts` says. */
interface FullFailure {
  /** Names the activity. */
  key: string
  attempts: number
}

/** A full disk does not pass by itself; this long is given to whoever is clearing it. */
const FULL_MS = 30_000
/** Longer than the longest wait between two attempts: without a failure for so long there was room again. */
const ROOM_MS = 60_000

/**
 * Tells a disk that stays full from one that was full for a moment. Temporal shows an attempt's last failure for as long
 * as the next one runs, so only failures that are new count.
 */
export class FullDisk {
  private readonly failing = new Map<string, { since: number; attempts: number; failedAt: number }>()

  /** What fails for want of room at `now` (milliseconds of a steady clock); whether it has done so for half a minute. */
  staysFull(failures: readonly FullFailure[], now: number): boolean {
    for (const key of this.failing.keys()) if (!failures.some((one) => one.key === key)) this.failing.delete(key)
    return failures.some(({ key, attempts }) => {
      const known = this.failing.get(key)
      if (known && attempts <= known.attempts) return false
      const since = known && now - known.failedAt < ROOM_MS ? known.since : now
      this.failing.set(key, { since, attempts, failedAt: now })
      return now - since >= FULL_MS
    })
  }
}

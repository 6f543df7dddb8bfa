/** One timer over a whole request, joined with the caller's signal. */
export interface Deadline {
  /** Time is up, or the caller gave up. */
  readonly over: boolean
  /** The caller gave up. */
  readonly aborted: boolean
  /** Sets what to do when it is over, in place of what was set before; at once when it already is. */
  onOver(action: () => void): void
  clear(): void
}

export function createDeadline(milliseconds: number, signal?: AbortSignal): Deadline {
  let over = false
  let aborted = signal?.aborted ?? false
  let action = () => {}
  const finish = () => {
    over = true
    action()
  }
  const onAbort = () => {
    aborted = true
    finish()
  }
  const timer = setTimeout(finish, milliseconds)
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    get over() {
      return over
    },
    get aborted() {
      return aborted
    },
    onOver(next) {
      action = next
      if (over) next()
    },
    clear() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

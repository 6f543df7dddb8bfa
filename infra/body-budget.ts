/** What one body holds of the budget, from its first byte until nobody has use for it. */
export interface BodyShare {
  /**
   * Takes more: true at once, or a promise that resolves when there is room, to false when the share was closed first.
   * One at a time.
   */
  grow(bytes: number): true | Promise<boolean>
  /** Gives back some of what was taken. */
  shrink(bytes: number): void
  /** Gives back everything; after it nothing is taken nor given. */
  close(): void
}

export interface BodyBudget {
  open(): BodyShare
  /** Bytes held by all shares. */
  readonly held: number
  /** A body waits for room: no more should begin, and what is held should be given back soon. */
  readonly isShort: boolean
}

/** Of bodies in one process: received, decoded, in the hands of a parser, waiting for their commit. */
export const MAX_BODY_BYTES_IN_FLIGHT = 64 * 1024 * 1024

interface Waiter {
  share: object
  bytes: number
  go: (granted: boolean) => void
}

/**
 * A bound for all bodies of a process under which no two of them wait for each other: shares grow freely up to half of
 * it. Beyond, the one that asked first has the other half to itself until it is closed, and is granted whatever it asks
 * for, as its request bounds its size. So `maxBytes` holds while what one body needs is at most half of it; a larger one
 * adds what it is larger by.
 */
export function createBodyBudget(maxBytes = MAX_BODY_BYTES_IN_FLIGHT): BodyBudget {
  const shared = maxBytes / 2
  let held = 0
  /** The share that has the other half, and what it holds. */
  let favoured: object | null = null
  let favouredHeld = 0
  let waiters: Waiter[] = []

  const serve = () => {
    for (;;) {
      const [first] = waiters
      if (first === undefined) return
      if (held - favouredHeld + first.bytes > shared && favoured !== null) return
      waiters.shift()
      first.go(true)
    }
  }

  function open(): BodyShare {
    const share = {}
    let own = 0
    let closed = false
    const take = (bytes: number) => {
      own += bytes
      held += bytes
      if (favoured === share) favouredHeld += bytes
    }
    const favour = () => {
      favoured = share
      favouredHeld = own
    }
    return {
      grow: (bytes) => {
        if (closed) return Promise.resolve(false)
        const fits = waiters.length === 0 && held - favouredHeld + bytes <= shared
        if (favoured === share || fits) {
          take(bytes)
          return true
        }
        if (favoured === null && waiters.length === 0) {
          favour()
          take(bytes)
          return true
        }
        return new Promise((resolve) => {
          const go = (granted: boolean) => {
            if (granted && held - favouredHeld + bytes > shared) favour()
            if (granted) take(bytes)
            resolve(granted)
          }
          waiters.push({ share, bytes, go })
        })
      },
      shrink: (bytes) => {
        if (closed) return
        take(-bytes)
        serve()
      },
      close: () => {
        if (closed) return
        closed = true
        take(-own)
        if (favoured === share) {
          favoured = null
          favouredHeld = 0
        }
        const mine = waiters.filter((one) => one.share === share)
        waiters = waiters.filter((one) => one.share !== share)
        for (const one of mine) one.go(false)
        serve()
      },
    }
  }

  return {
    open,
    get held() {
      return held
    },
    get isShort() {
      return waiters.length > 0
    },
  }
}

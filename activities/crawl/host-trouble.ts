import type { HostManners } from './server-book.ts'

/** Of troubles in a row; the waits of the URLs themselves are in the retry policy. */
const FIRST_MS = 1_000
const LONGEST_MS = 10_000

/**
 * Until when a host rests after a fault that may be the server's and not the URL's (milliseconds of the caller's clock). A
 * few broken pages among good ones cost a second each; a host that answers nothing else is asked less and less. Requests
 * that fail while it rests were under way together: they are one trouble.
 */
export function restAfterTrouble(manners: HostManners, now: number): number {
  if (now < manners.troubleUntil) return manners.troubleUntil
  manners.troubleUntil = now + Math.min(LONGEST_MS, FIRST_MS * 2 ** manners.troubles)
  manners.troubles += 1
  return manners.troubleUntil
}

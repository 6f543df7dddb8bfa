import { createHash } from 'node:crypto'
import type pg from 'pg'

/** A statement is prepared when it comes this often: what is asked once or twice would only be kept for nothing. */
const REPEATS = 3
/** Statements that one connection looks at; those with lists of their own in the text would else be endless. */
const MAX_TEXTS = 500

/**
 * Makes a connection prepare the statements that it is asked again and again: the server then reads and plans them once,
 * which is a fifth of what it has to do in a crawl. They are named by their text; a change of the schema plans them anew.
 * Behind a pooler of transactions the connection must be one that carries prepared statements over.
 */
export function prepareRepeated(client: pg.ClientBase): void {
  const seen = new Map<string, number>()
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const prepared = (text: unknown, values?: unknown, ...rest: unknown[]) => {
    if (typeof text !== 'string' || !Array.isArray(values)) return query(text, values, ...rest)
    const times = (seen.get(text) ?? 0) + 1
    if (times > 1 || seen.size < MAX_TEXTS) seen.set(text, times)
    return times < REPEATS ? query(text, values, ...rest) : query({ name: nameOf(text), text, values }, ...rest)
  }
  client.query = prepared as typeof client.query
}

const names = new Map<string, string>()

/** At most 63 bytes, as Postgres keeps no more of it. */
function nameOf(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32)
    if (names.size < MAX_TEXTS) names.set(text, name)
  }
  return name
}

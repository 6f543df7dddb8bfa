import { hostname } from 'node:os'
import pg from 'pg'
import { databaseOf } from './play.ts'

/** What one worker process holds at a moment, as Postgres says. */
export interface Held {
  pid: number
  /** `crawl`, or the step's name in `in_flight`. */
  step: string
  /** Leased URLs of a crawl, or inputs of a step's range. */
  count: number
  /** For people: shards and ranges. */
  what: string
}

const QUERY = `
  SELECT l.owner AS worker, 'crawl' AS step, count(*)::int AS count, 'shards ' || string_agg(DISTINCT f.shard::text, ',') AS what
  FROM frontier f JOIN shard_lease l ON l.crawl_no = f.crawl_no AND l.shard = f.shard
  WHERE f.state = 'leased' AND l.until > now() GROUP BY l.owner
  UNION ALL
  SELECT worker, step, (last_no - first_no + 1)::int, 'run ' || run || ' ' || first_no || '-' || last_no FROM in_flight`

/** Asks the Postgres of a home what is in flight, again and again; connects anew after a restart. */
export class FlightWatch implements AsyncDisposable {
  private client: pg.Client | null = null
  private readonly home: string

  constructor(home: string) {
    this.home = home
  }

  /** What living processes hold now; null while Postgres is away. */
  async read(): Promise<Held[] | null> {
    const rows = await this.query<{ worker: string; step: string; count: number; what: string }>(QUERY)
    if (rows === null) return null
    const held = new Map<string, Held>()
    for (const { worker, step, count, what } of rows) {
      const [host, pid] = worker.split('/')
      if (host !== hostname() || !isAlive(Number(pid))) continue
      const known = held.get(`${pid} ${step}`)
      if (known) {
        known.count += count
        known.what += `, ${what}`
      } else held.set(`${pid} ${step}`, { pid: Number(pid), step, count, what })
    }
    return [...held.values()]
  }

  /** How much a process that was killed left behind of a step: it held that when it died. */
  async leftBy(pid: number, step: string): Promise<number> {
    const rows = await this.query<{ worker: string; step: string; count: number }>(QUERY)
    return (rows ?? [])
      .filter((row) => row.step === step && row.worker.split('/')[1] === String(pid))
      .reduce((sum, row) => sum + row.count, 0)
  }

  async query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[] | null> {
    try {
      this.client ??= await this.connect()
      return this.client === null ? null : (await this.client.query<Row>(sql)).rows
    } catch {
      // Away, or not migrated yet: asked again.
      await this.client?.end().catch(() => {})
      this.client = null
      return null
    }
  }

  private async connect(): Promise<pg.Client | null> {
    const url = databaseOf(this.home)
    if (url === null) return null
    const client = new pg.Client({ connectionString: url, application_name: 'chaos', connectionTimeoutMillis: 2_000 })
    client.on('error', () => {
      this.client = null
    })
    await client.connect()
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client?.end().catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

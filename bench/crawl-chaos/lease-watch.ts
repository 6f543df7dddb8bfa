import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlightWatch } from '../../test/support/chaos/held.ts'

/** A URL that is leased and not committed, and the process that holds it. */
export interface Leased {
  url: string
  pid: number
  shard: number
}

const QUERY = `
  SELECT u.url, split_part(l.owner, '/', 2)::int AS pid, f.shard::int AS shard FROM frontier f
  JOIN shard_lease l ON l.crawl_no = f.crawl_no AND l.shard = f.shard JOIN url u ON u.sha = f.url_sha
  WHERE f.state = 'leased'`
const FENCES = `SELECT shard::int AS shard, fence::int AS fence FROM shard_lease`
/** Shorter than a URL is leased when its shard is given back as soon as it was fetched. */
const SAMPLE_MS = 50

/** What was in flight from one moment on: every URL that was, and the most at once. */
export interface InFlight {
  urls: Set<string>
  most: number
}

/** Sees again and again what Postgres says is in flight. */
export class LeaseWatch implements AsyncDisposable {
  private readonly flight: FlightWatch
  /** A connection of its own: two questions at once never open two. */
  private readonly sampler: FlightWatch
  private open: InFlight | null = null
  private last: Leased[] = []
  private readonly ended = new AbortController()
  private readonly sampling: Promise<void>

  constructor(home: string) {
    this.flight = new FlightWatch(home)
    this.sampler = new FlightWatch(home)
    this.sampling = this.sample()
  }

  /** What is leased now; null while Postgres is away. */
  read(): Promise<Leased[] | null> {
    return this.readOver(this.flight)
  }

  /** What living processes hold now: a dead one's stays leased until another takes its shard. */
  async readLiving(): Promise<Leased[] | null> {
    const found = await this.read()
    const living = new Map([...new Set(found?.map((one) => one.pid))].map((pid) => [pid, isLiving(pid)]))
    return found && found.filter((one) => living.get(one.pid) === true)
  }

  private async readOver(flight: FlightWatch): Promise<Leased[] | null> {
    const found = await flight.query<Leased & Record<string, unknown>>(QUERY)
    if (found === null) return null
    this.last = found
    add(this.open, found)
    return found
  }

  /** The fencing token of each shard that was ever held: it grows with each new holder. Null while Postgres is away. */
  async fences(): Promise<Map<number, number> | null> {
    const found = await this.flight.query<{ shard: number; fence: number }>(FENCES)
    return found && new Map(found.map((row) => [row.shard, row.fence]))
  }

  /** Whether some worker's transaction has not been heard of for so many milliseconds. */
  async hasStillTransaction(ms: number): Promise<boolean> {
    const found = await this.flight.query(`SELECT FROM pg_stat_activity WHERE usename = 'mella_writer'
      AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '${ms} ms'`)
    return found !== null && found.length > 0
  }

  /** Starts to gather what is in flight, with what was when it was last seen; the gathering before it ends. */
  gather(): InFlight {
    this.open = { urls: new Set(), most: 0 }
    add(this.open, this.last)
    return this.open
  }

  private async sample(): Promise<void> {
    while (!this.ended.signal.aborted) {
      await this.readOver(this.sampler)
      await sleep(SAMPLE_MS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended.abort()
    await this.sampling
    await this.flight[Symbol.asyncDispose]()
    await this.sampler[Symbol.asyncDispose]()
  }
}

function add(to: InFlight | null, found: readonly Leased[]): void {
  if (to === null) return
  for (const { url } of found) to.urls.add(url)
  to.most = Math.max(to.most, found.length)
}

/** A process that was killed stays as a zombie until its parent has heard of it. */
export function isLiving(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0]
    return state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}

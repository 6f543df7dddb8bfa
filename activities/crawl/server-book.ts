import { type KeptPace, Pace } from './pace.ts'
import { RecentMap } from './recent-map.ts'

/** What one server, known by its address, is asked by this process at the moment; milliseconds of its own clock. */
export interface ServerState {
  active: number
  nextAt: number
  /** When the last request began there. */
  startedAt: number
  /** The longest time from a start to when the next one was due, since the address is held. */
  gapMs: number
  pace: Pace
}

/** What a host's answers have taught; outlives the activity that crawls its shard. */
export interface HostManners {
  nextAt: number
  /** When the last request to it went out. */
  sentAt: number
  crawlDelayMs: number
  latencyMs: number | null
  /** Rests in a row for a server in trouble, and the end of the last. */
  troubles: number
  troubleUntil: number
  /** Null before its name was resolved. */
  address: string | null
  /** Of the address, or a state of its own while that is not known. */
  server: ServerState
}

/** Servers and hosts, a crawl, that a process remembers, some 500 bytes each; the others are met anew. */
const MOST = 20_000

/** What one process knows of servers, over all crawls that it has in work. */
export class Servers {
  private readonly servers: RecentMap<ServerState>

  constructor(now: () => number = () => performance.now(), most = MOST) {
    this.servers = new RecentMap(most, newServer, ({ active, nextAt }) => active === 0 && nextAt <= now())
  }

  at(address: string): ServerState {
    return this.servers.get(address)
  }

  get size(): number {
    return this.servers.size
  }

  /** The pace that another process learnt; a newer one of our own stays. */
  learn(address: string, kept: KeptPace, now: number): void {
    const server = this.at(address)
    const own = server.pace.keep(now)
    if (own === null || own.agoMs > kept.agoMs) server.pace = Pace.from(kept, now)
  }
}

/** What one process knows of the hosts of a crawl, over all shards that it has in work. */
export class ServerBook {
  readonly servers: Servers
  private readonly hosts: RecentMap<HostManners>

  constructor(servers: Servers = new Servers(), now: () => number = () => performance.now(), most = MOST) {
    this.servers = servers
    this.hosts = new RecentMap(most, newHost, ({ nextAt }) => nextAt <= now())
  }

  host(name: string): HostManners {
    return this.hosts.get(name)
  }

  get size(): number {
    return this.hosts.size
  }
}

const newServer = (): ServerState => ({
  active: 0,
  nextAt: 0,
  startedAt: Number.NEGATIVE_INFINITY,
  gapMs: 0,
  pace: new Pace(),
})

const newHost = (): HostManners => ({
  nextAt: 0,
  sentAt: 0,
  crawlDelayMs: 0,
  latencyMs: null,
  troubles: 0,
  troubleUntil: 0,
  address: null,
  server: newServer(),
})

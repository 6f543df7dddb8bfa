import { type KeptPace, Pace } from './pace.ts'

/** What one server, known by its address, is asked by this process at the moment. */
export interface ServerState {
  active: number
  nextAt: number
  pace: Pace
}

/** What a host's answers have taught; outlives the activity that crawls its shard. */
export interface HostManners {
  nextAt: number
  /** When the last request to it went out. */
  sentAt: number
  crawlDelayMs: number
  latencyMs: number | null
  /** Null before its name was resolved. */
  address: string | null
  /** Of the address, or a state of its own while that is not known. */
  server: ServerState
}

/** What one process knows of hosts and addresses, over all shards of a crawl that it has in work. */
export class ServerBook {
  private readonly hosts = new Map<string, HostManners>()
  private readonly servers = new Map<string, ServerState>()

  host(name: string): HostManners {
    let host = this.hosts.get(name)
    if (!host) {
      host = { nextAt: 0, sentAt: 0, crawlDelayMs: 0, latencyMs: null, address: null, server: newServer() }
      this.hosts.set(name, host)
    }
    return host
  }

  server(address: string): ServerState {
    let server = this.servers.get(address)
    if (!server) {
      server = newServer()
      this.servers.set(address, server)
    }
    return server
  }

  /** The pace that another process learnt; a newer one of our own stays. */
  learn(address: string, kept: KeptPace, now: number): void {
    const server = this.server(address)
    const own = server.pace.keep(now)
    if (own === null || own.agoMs > kept.agoMs) server.pace = Pace.from(kept, now)
  }
}

const newServer = (): ServerState => ({ active: 0, nextAt: 0, pace: new Pace() })

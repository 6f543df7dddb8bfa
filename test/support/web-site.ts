import http from 'node:http'
import net from 'node:net'

export interface TestSite {
  address: string
  port: number
  url: string
  /** Paths that were asked for, in order. */
  requests: string[]
  connections: number
  /** Connections that are open now. */
  open: number
  /** Resets all that are open. */
  cut(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** An HTTP server on a loopback address (any of 127.0.0.0/8), closed with its connections at the end of the scope. */
export async function serve(
  handler: http.RequestListener,
  options: { address?: string; port?: number } = {},
): Promise<TestSite> {
  const requests: string[] = []
  const server = http.createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    requests.push(request.url ?? '')
    handler(request, response)
  })
  return listen(server, requests, options)
}

/** A server that speaks bytes: `answer` is called once per connection, after the head of the first request. */
export async function serveRaw(
  answer: (socket: net.Socket) => void,
  options: { address?: string; port?: number } = {},
): Promise<TestSite> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}) // clients of these tests hang up early
    socket.once('data', () => answer(socket))
  })
  return listen(server, [], options)
}

async function listen(
  server: net.Server,
  requests: string[],
  options: { address?: string; port?: number },
): Promise<TestSite> {
  const sockets = new Set<net.Socket>()
  const address = options.address ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, address, resolve)
  })
  const { port } = server.address() as net.AddressInfo
  const site: TestSite = {
    address,
    port,
    url: `http://${address}:${port}`,
    requests,
    connections: 0,
    open: 0,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.on('connection', (socket) => {
    site.connections += 1
    site.open += 1
    sockets.add(socket)
    socket.once('close', () => {
      site.open -= 1
      sockets.delete(socket)
    })
  })
  return site
}

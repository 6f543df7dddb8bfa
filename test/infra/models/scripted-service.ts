import { type IncomingHttpHeaders, createServer } from 'node:http'

export interface ScriptedAnswer {
  status: number
  body: string
  headers?: Record<string, string>
  /** Milliseconds before the answer; -1 never answers. */
  delay?: number
}

export interface ScriptedService {
  url: string
  requests: { path: string; headers: IncomingHttpHeaders; body: string }[]
  /** Most requests that were open at once. */
  peak: () => number
  close: () => Promise<void>
}

/** A service on loopback that gives the answers in order, the last one for ever. */
export async function scriptedService(answers: readonly ScriptedAnswer[]): Promise<ScriptedService> {
  const requests: ScriptedService['requests'] = []
  let open = 0
  let peak = 0
  const server = createServer((request, response) => {
    const number = requests.length
    const entry = { path: request.url ?? '', headers: request.headers, body: '' }
    requests.push(entry)
    peak = Math.max(peak, ++open)
    response.once('close', () => open--)
    request.on('data', (chunk: Buffer) => (entry.body += chunk.toString('utf8')))
    request.on('end', () => {
      const answer = answers[Math.min(number, answers.length - 1)]
      if (!answer || answer.delay === -1) return
      const send = () => response.writeHead(answer.status, answer.headers).end(answer.body)
      if (answer.delay) setTimeout(send, answer.delay)
      else send()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    peak: () => peak,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

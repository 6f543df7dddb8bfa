import { parseArgs } from 'node:util'
import { serveSite } from './serve.ts'

const HELP = `Small web sites in nine languages and scripts, drawn and written for this project.

  node examples/site/main.ts [--port N] [--log FILE] [--delay MS]

When they are ready it prints one line of JSON: {"port": N, "resolve": "*.demo.example=127.0.0.1:N", "sites": [...]}.
The names lead nowhere by themselves: give MELLA_RESOLVE the value of "resolve" and MELLA_NETWORK_ALLOW 127.0.0.1/32.

  --port N     port on loopback (0, a free one)
  --log FILE   append one line of JSON per request
  --delay MS   answer later

Example: node examples/site/main.ts --port 8901 --log site.ndjson
`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    log: { type: 'string' },
    delay: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(HELP)
} else {
  const server = await serveSite({ port: Number(values.port), log: values.log ?? null, delay: Number(values.delay) })
  process.stdout.write(`${JSON.stringify({ port: server.port, resolve: server.resolve, sites: server.sites })}\n`)
  const stop = () => void server.close()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

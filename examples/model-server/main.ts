import { parseArgs } from 'node:util'
import { serveModels } from './serve.ts'

const HELP = `An OpenAI-compatible model server for trying the pipeline without a model.

  node examples/model-server/main.ts [--port N] [--log FILE] [options]

It says what is in the pixels, in English; translates its own sentences into ar, cs, es, hu, ko, ru, sr, sr-Latn,
th and vi; and puts native text and description together. What it writes is not for training.
When it is ready it prints one line of JSON: {"base_url": "http://127.0.0.1:PORT/v1", "port": PORT}.

  --port N       port on loopback (0, a free one)
  --log FILE     append one line of JSON per request
  --rate N       429 with Retry-After above N requests a second
  --delay MS     answer later
  --noise        add a random word to every text
  --ungrounded   every tenth thick caption names something invented
  --nonsense     answer 200 with something else than was asked for

Example: node examples/model-server/main.ts --port 8900 --log models.ndjson
`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    log: { type: 'string' },
    rate: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    noise: { type: 'boolean', default: false },
    ungrounded: { type: 'boolean', default: false },
    nonsense: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(HELP)
} else {
  const server = await serveModels({
    port: Number(values.port),
    log: values.log ?? null,
    rate: Number(values.rate),
    delay: Number(values.delay),
    noise: values.noise,
    ungrounded: values.ungrounded,
    nonsense: values.nonsense,
  })
  process.stdout.write(`${JSON.stringify({ base_url: server.base_url, port: server.port })}\n`)
  const stop = () => void server.close()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

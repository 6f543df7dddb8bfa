import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { AppError } from '../../schema/contracts/errors.ts'

export interface ExampleServer {
  /** The line of JSON that it printed when it was ready. */
  ready: Record<string, unknown>
  stop(): void
}

const START_TIMEOUT_MS = 60_000

/** Starts a program below examples/ and waits until it says that it is ready. Throws EXAMPLE_FAILED. */
export async function startExample(
  checkout: string,
  program: string,
  args: readonly string[] = [],
): Promise<ExampleServer> {
  const child = spawn(process.execPath, [path.join(checkout, 'examples', program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const stop = () => void child.kill('SIGTERM')
  process.once('exit', stop)
  const ready = await firstLine(child, program)
  return { ready: JSON.parse(ready) as Record<string, unknown>, stop }
}

function firstLine(child: ChildProcess, program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (fact: string) =>
      reject(
        new AppError('EXAMPLE_FAILED', `examples/${program}: ${fact}`, { mend: `node examples/${program} shows why` }),
      )
    const timer = setTimeout(() => fail('did not say that it is ready'), START_TIMEOUT_MS)
    child.once('exit', (code) => fail(`ended with ${code}`))
    if (child.stdout)
      createInterface({ input: child.stdout }).once('line', (line) => {
        clearTimeout(timer)
        resolve(line)
      })
  })
}

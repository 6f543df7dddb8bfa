import { EXIT } from '../schema/contracts/errors.ts'
import { loadConfig, type Settings } from '../infra/config.ts'
import { COMMANDS } from './command-list.ts'
import { readRequest, type Invocation } from './command.ts'
import { describeError, exitCodeOf } from './exit-code.ts'
import { helpOf, helpOverview } from './help.ts'
import { createOutput, type Streams } from './output.ts'
import { createProgress } from './progress.ts'

export interface Surroundings extends Streams {
  env: Readonly<Record<string, string | undefined>>
  cwd: string
}

/** Runs one command line and gives its exit code; prints errors, throws none. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const out = createOutput(surroundings)
  const progress = createProgress(surroundings.stderr)
  try {
    const request = readRequest(argv, COMMANDS)
    if (request.kind === 'help') {
      out.line(helpOverview(COMMANDS, request.prefix))
      return EXIT.ok
    }
    const { invocation } = request
    if (invocation.help) {
      out.line(helpOf(invocation.command))
      return EXIT.ok
    }
    return await invocation.command.run({
      args: invocation.args,
      options: invocation.options,
      json: invocation.json,
      settings: once(() => settingsOf(invocation, surroundings)),
      cwd: surroundings.cwd,
      env: surroundings.env,
      out,
      progress,
    })
  } catch (error) {
    progress.end()
    out.say(describeError(error))
    return exitCodeOf(error)
  }
}

function settingsOf(invocation: Invocation, { env, cwd }: Surroundings): Settings {
  return loadConfig({ env, flags: invocation.settingFlags, cwd })
}

function once<T>(work: () => T): () => T {
  let result: { value: T } | null = null
  return () => (result ??= { value: work() }).value
}

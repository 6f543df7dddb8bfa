import { EXIT, InvariantError } from '../schema/contracts/errors.ts'
import { loadConfig, type Settings } from '../infra/config.ts'
import { COMMANDS } from './command-list.ts'
import { findCommand, readInvocation, type Invocation } from './command.ts'
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
    const request = findCommand(
      argv,
      COMMANDS.map(({ name }) => name),
    )
    if (request.kind === 'help') {
      out.line(helpOverview(await Promise.all(COMMANDS.map(({ load }) => load())), request.prefix))
      return EXIT.ok
    }
    const command = await COMMANDS.find(({ name }) => name === request.name)?.load()
    if (command === undefined) throw new InvariantError('COMMAND_LIST', `command ${request.name}: is not in the list`)
    const invocation = readInvocation(command, request.rest)
    if (invocation.help) {
      out.line(helpOf(command))
      return EXIT.ok
    }
    return await command.run({
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

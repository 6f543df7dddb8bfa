import { runCommandLine, type Surroundings } from '../../cli/run.ts'

/** How a command ended, and what it printed. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs one command line in this process. */
export async function runCommand(
  argv: readonly string[],
  { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>,
): Promise<Ended> {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (written[name] += text) })
  const code = await runCommandLine(argv, { env, cwd, stdout: stream('stdout'), stderr: stream('stderr') })
  return { code, ...written }
}

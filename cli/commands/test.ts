import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { EXIT } from '../../schema/contracts/errors.ts'
import { badUsage, type Command } from '../command.ts'

/** Scripts of package.json that are checks, then the lanes of vitest.config.ts: projects whose names begin so. */
const CHECKS = ['format', 'lint', 'types', 'unused'] as const
const LANES = ['fast', 'programs', 'service', 'end-to-end'] as const

interface Tally {
  passed: number
  failed: number
}

export const testCommand: Command = {
  name: 'test',
  summary:
    'run every check and test: format, lint, types, unused code, then the lanes fast, programs, service and end-to-end',
  args: ['[PART]...'],
  options: {},
  json: true,
  example: './mella test',
  run: async ({ args, settings, json, out, env }) => {
    const parts: readonly string[] = args.length === 0 ? [...CHECKS, ...LANES] : args
    const unknown = parts.find((part) => ![...CHECKS, ...LANES].some((known) => known === part))
    if (unknown !== undefined)
      throw badUsage(`part ${unknown}: there is none`, null, `name some of ${[...CHECKS, ...LANES].join(', ')}`)
    const { checkout, path } = settings()
    const tools = join(checkout, 'node_modules', '.bin')
    const environment = { checkout, env: { ...env, PATH: [tools, path].join(delimiter) } }
    const results: ({ part: string } & Tally)[] = []
    for (const part of parts) {
      out.say(`test: ${part}`)
      const isLane = LANES.some((lane) => lane === part)
      results.push({ part, ...(isLane ? await runLane(part, environment) : await runCheck(part, environment)) })
    }
    const total = results.reduce<Tally>(
      (sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }),
      { passed: 0, failed: 0 },
    )
    for (const { part, passed, failed } of results) out.say(`test: ${part}: ${passed} passed, ${failed} failed`)
    if (json) out.json({ ...total, parts: results })
    else out.line(`${total.passed} passed, ${total.failed} failed`)
    return total.failed === 0 && total.passed > 0 ? EXIT.ok : EXIT.failed
  },
}

interface Environment {
  checkout: string
  /** With the project's tools, and its Node, first on PATH. */
  env: Readonly<Record<string, string | undefined>>
}

async function runCheck(script: string, environment: Environment): Promise<Tally> {
  const { scripts } = JSON.parse(readFileSync(join(environment.checkout, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const code = await run('sh', ['-c', scripts[script] ?? 'false'], environment)
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

async function runLane(lane: string, environment: Environment): Promise<Tally> {
  const work = mkdtempSync(join(tmpdir(), 'mella-test-report-'))
  const report = join(work, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await run('vitest', ['run', '--project', `${lane}*`, '--passWithNoTests', ...reporters], environment)
    return tallyOf(existsSync(report) ? readFileSync(report, 'utf8') : null, code)
  } finally {
    rmSync(work, { recursive: true })
  }
}

/**
 * Counts of vitest's JSON report. A file that could not run counts as one failed test, and so does a run that failed
 * without a failed test: a lane whose services did not start, an error outside tests, no report at all.
 */
export function tallyOf(report: string | null, exitCode: number): Tally {
  if (report === null) return { passed: 0, failed: 1 }
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(report) as {
    numPassedTests: number
    numFailedTests: number
    testResults: { status: string; assertionResults: { status: string }[] }[]
  }
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  ).length
  const failed = numFailedTests + brokenFiles
  return { passed: numPassedTests, failed: exitCode !== 0 && failed === 0 ? 1 : failed }
}

/** Runs a tool of the project, its output on our stderr; gives its exit code, 1 when a signal ended it. */
function run(command: string, args: string[], { checkout, env }: Environment): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: checkout,
      env,
      stdio: ['ignore', process.stderr, 'inherit'],
    })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

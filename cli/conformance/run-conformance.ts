import { PermanentError, EXIT } from '../../schema/contracts/errors.ts'
import { runTables } from './run-tables.ts'
import type { ConformanceFunctions, TableResult } from './table.ts'

export interface ConformanceOutput {
  /** One JSON object per line instead of text. */
  json: boolean
  stdout: { write(text: string): unknown }
}

/** Failing rows shown per table as text; `--json` has them all. */
const SHOWN_FAILURES = 10

/**
 * Runs the tables of a folder and prints a line for each. Exit codes: 0 every row passed, 3 one did not, 4 the folder
 * holds no table. Throws PermanentError `FOLDER_NOT_FOUND`.
 */
export async function runConformance(
  folder: string,
  functions: ConformanceFunctions,
  output: ConformanceOutput,
): Promise<number> {
  const results = await readable(folder, () => runTables(folder, functions))
  for (const result of results) output.stdout.write(output.json ? `${JSON.stringify(result)}\n` : lines(result))
  if (results.length === 0) return EXIT.notFound
  return results.every(({ failures }) => failures.length === 0) ? EXIT.ok : EXIT.differences
}

async function readable(folder: string, run: () => Promise<TableResult[]>): Promise<TableResult[]> {
  try {
    return await run()
  } catch (error) {
    const message = `folder ${folder} cannot be read; name a folder with tables`
    throw new PermanentError('FOLDER_NOT_FOUND', message, { folder, mend: './mella conformance --help' }, error)
  }
}

function lines({ file, kind, passed, total, failures }: TableResult): string {
  const shown = failures.slice(0, SHOWN_FAILURES).map(({ row, expected, got }) => {
    return `  ${row}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}\n`
  })
  const more = failures.length > SHOWN_FAILURES ? `  and ${failures.length - SHOWN_FAILURES} more\n` : ''
  return `${file}: ${kind}, ${passed} of ${total} passed\n${shown.join('')}${more}`
}

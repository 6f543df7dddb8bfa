import { escapeControls } from '../infra/control-characters.ts'

/** What the output goes to; `isTTY` decides on bars. */
export interface Streams {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number }
}

/** Data on stdout, talk on stderr. Control characters in either are escaped: texts come from the web. */
export interface Output {
  /** A line of data for people. */
  line: (text: string) => void
  /** The one JSON document of `--json`. */
  json: (value: unknown) => void
  /** One line of NDJSON. */
  ndjson: (value: unknown) => void
  /** A line of talk on stderr. */
  say: (text: string) => void
}

/** Output over the given streams. */
export function createOutput({ stdout, stderr }: Streams): Output {
  return {
    line: (text) => stdout.write(`${escapeControls(text)}\n`),
    json: (value) => stdout.write(`${escapeControls(JSON.stringify(value, null, 2))}\n`),
    ndjson: (value) => stdout.write(`${escapeControls(JSON.stringify(value))}\n`),
    say: (text) => stderr.write(`${escapeControls(text)}\n`),
  }
}

/** Rows as aligned columns, first row as heading; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

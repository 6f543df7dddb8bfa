/** What a comparison of two plays came to: name, whether it holds, figures. */
export type Check = [name: string, ok: boolean, detail: string]

/** A line a check; returns whether all hold. */
export function sayChecks(checks: readonly Check[], say: (line: string) => void): boolean {
  for (const [name, ok, detail] of checks) say(`${ok ? 'ok  ' : 'BAD '} ${name}: ${detail}`)
  return checks.every(([, ok]) => ok)
}

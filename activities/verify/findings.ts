import type { VerifyCheck, VerifyDifference, VerifyResult } from '../../schema/contracts/verify-result.ts'

const SHOWN_PER_CHECK = 20

export type Report = (path: string | null, message: string) => void

/** Gathers checks and differences in the order in which they are made. */
export class Findings {
  readonly #checks: VerifyCheck[] = []
  readonly #differences: VerifyDifference[] = []

  /**
   * Run one check: `look` reports differences and returns what to say when there are none. What it throws is a
   * difference too, because a release that cannot be read is not the one that was made; faults of the disk pass through.
   */
  async check(name: VerifyCheck['name'], look: (report: Report) => Promise<string> | string): Promise<void> {
    let count = 0
    const report: Report = (path, message) => {
      if (++count <= SHOWN_PER_CHECK) this.#differences.push({ check: name, path, message })
    }
    let detail = ''
    try {
      detail = await look(report)
    } catch (error) {
      if (isDiskFault(error)) throw error
      report(null, (error as Error).message)
    }
    this.#checks.push({
      name,
      ok: count === 0,
      detail: count === 0 ? detail : `${count} difference${count === 1 ? '' : 's'}`,
    })
  }

  result(): VerifyResult {
    return { ok: this.#differences.length === 0, checks: this.#checks, differences: this.#differences }
  }
}

/** The operating system refused: that says nothing about the release. */
export function isDiskFault(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

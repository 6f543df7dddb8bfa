import { readdirSync, readFileSync } from 'node:fs'

/** Resident memory (MiB) of the home's worker of a role; null while there is none. */
export function residentOf(role: string, home: string): number | null {
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      const at = line.findIndex((word) => word.endsWith('workers/main.ts'))
      if (at === -1 || line[at + 1] !== role || !line.includes(home)) continue
      const size = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]
      if (size !== undefined) return Math.round(Number(size) / 1024)
    } catch {
      // It has ended meanwhile.
    }
  }
  return null
}

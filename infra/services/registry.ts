import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from './private-file.ts'
import { isRunning, type ProcessIdentity } from './process.ts'

export type ServiceName = 'postgres' | 'temporal'

/** What is known of one embedded service. It stays after a stop, so that the next start takes the same port. */
export interface ServiceRecord {
  process: ProcessIdentity | null
  /** Whether it was found ready for use since it started. */
  ready: boolean
  port: number
  version: string
  binary: string
  /** Data folder or file. */
  data: string
  log: string
}

export type ServiceRecords = Partial<Record<ServiceName, ServiceRecord>>

/** Where the records of one MELLA_HOME stand. */
export function servicesFile(home: string): string {
  return join(home, 'services.json')
}

/** Records as last written; none when the file is absent or not readable as such (then running servers are found by their data). */
export function readRecords(home: string): ServiceRecords {
  if (!existsSync(servicesFile(home))) return {}
  try {
    const value: unknown = JSON.parse(readFileSync(servicesFile(home), 'utf8'))
    return typeof value === 'object' && value !== null ? (value as ServiceRecords) : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Replaces one record. Callers hold the services lock. */
export function writeRecord(home: string, name: ServiceName, record: ServiceRecord): void {
  writePrivateFile(servicesFile(home), `${JSON.stringify({ ...readRecords(home), [name]: record }, null, 2)}\n`)
}

/** Whether the record's process runs. */
export function recordRuns(record: ServiceRecord | undefined): record is ServiceRecord & { process: ProcessIdentity } {
  return record !== undefined && record.process !== null && isRunning(record.process)
}

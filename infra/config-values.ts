import { isIP, isIPv4, isIPv6 } from 'node:net'
import { availableParallelism } from 'node:os'
import { resolve as resolvePath } from 'node:path'

/** Where relative paths of a value start: the current folder, or that of the config file. */
export type ValueReader<T> = (text: string, folder: string) => T

/** A value that cannot be used; the message says what it must be. */
export class BadValue extends Error {}

export const WORKER_ROLES = ['orchestrator', 'io', 'cpu', 'model'] as const
export type WorkerRole = (typeof WORKER_ROLES)[number]
export type WorkerCounts = Readonly<Record<WorkerRole, number>>

export type StorePlace = { kind: 'folder'; path: string } | { kind: 's3'; bucket: string; prefix: string }

/** Sends a name to an address, as `curl --connect-to` does. `pattern` is a host name or `*.` and a domain; port null keeps the URL's. */
export interface ResolveRule {
  pattern: string
  host: string
  port: number | null
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const MIN_KEY_HEX_DIGITS = 32

/** Reads a whole number within bounds. */
export function wholeNumber(min: number, max: number): ValueReader<number> {
  return (text) => {
    const value = Number(text)
    if (/^[0-9]{1,9}$/.test(text) && value >= min && value <= max) return value
    throw new BadValue(`must be a whole number from ${min} to ${max}`)
  }
}

/** Reads one of a closed set of words. */
export function oneOf<T extends string>(words: readonly T[]): ValueReader<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text)
    if (word !== undefined) return word
    throw new BadValue(`must be one of ${words.join(', ')}`)
  }
}

export const readPath: ValueReader<string> = (text, folder) => resolvePath(folder, text)

/** Comma-separated, blanks trimmed, empty parts dropped. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

export const readPaths: ValueReader<string[]> = (text, folder) => listOf(text).map((part) => readPath(part, folder))

export const readStore: ValueReader<StorePlace> = (text, folder) => {
  if (!text.startsWith('s3://')) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw new BadValue('must be a folder or s3://bucket/prefix')
    return { kind: 'folder', path: readPath(text, folder) }
  }
  const [bucket = '', ...rest] = text.slice('s3://'.length).split('/')
  if (!BUCKET.test(bucket)) throw new BadValue('must name a bucket: s3://bucket/prefix')
  return { kind: 's3', bucket, prefix: rest.filter((part) => part !== '').join('/') }
}

/** One worker of each role, `cpu` as many as leaves a core for the rest. */
export function defaultWorkers(): WorkerCounts {
  return { orchestrator: 1, io: 1, cpu: Math.max(1, availableParallelism() - 1), model: 1 }
}

/** `io=2,cpu=1`: roles that are not named keep their default. */
export const readWorkers: ValueReader<WorkerCounts> = (text) => {
  const counts = { ...defaultWorkers() }
  for (const part of listOf(text)) {
    const [role, count = ''] = part.split('=').map((side) => side.trim())
    const known = WORKER_ROLES.find((candidate) => candidate === role)
    if (known === undefined || !/^[0-9]{1,3}$/.test(count)) {
      throw new BadValue(`must be counts by role (${WORKER_ROLES.join(', ')}) such as io=2,cpu=1`)
    }
    counts[known] = Number(count)
  }
  return counts
}

export const readHexKey: ValueReader<string> = (text) => {
  if (/^([0-9a-f]{2})+$/i.test(text) && text.length >= MIN_KEY_HEX_DIGITS) return text.toLowerCase()
  throw new BadValue(`must be hex, at least ${MIN_KEY_HEX_DIGITS} digits`)
}

/** Networks in CIDR form; a bare address is a network of one. */
export const readNetworks: ValueReader<string[]> = (text) =>
  listOf(text).map((part) => {
    const [address = '', bits, ...rest] = part.split('/')
    const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0
    const length = bits === undefined ? width : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Infinity
    if (width === 0 || rest.length > 0 || length > width)
      throw new BadValue(`${part} is not a network such as 10.0.0.0/8 or fd00::/8`)
    return `${address}/${length}`
  })

/** `*.demo.example=127.0.0.1:41234,…` */
export const readResolve: ValueReader<ResolveRule[]> = (text) => listOf(text).map(readResolveRule)

function readResolveRule(text: string): ResolveRule {
  const [pattern = '', target = '', ...rest] = text.split('=').map((side) => side.trim())
  const name = pattern.startsWith('*.') ? pattern.slice(2) : pattern
  const address = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/i.exec(target)
  const host = address?.[1] ?? address?.[2]
  const port = address?.[3] === undefined ? null : Number(address[3])
  if (
    rest.length > 0 ||
    !HOST_NAME.test(name) ||
    host === undefined ||
    !isHost(host) ||
    port === 0 ||
    (port ?? 1) > 65_535
  ) {
    throw new BadValue(`${text} is not of the form name=address:port, where the name may start with *.`)
  }
  return { pattern: pattern.toLowerCase(), host, port }
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST_NAME.test(text)
}

/** An address of a service that the operator names. */
export const readServiceUrl: ValueReader<string> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '')
  throw new BadValue('must be an http or https URL')
}

export const readPostgresUrl: ValueReader<string> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && (url.protocol === 'postgres:' || url.protocol === 'postgresql:')) return text
  throw new BadValue('must be a URL such as postgres://user:password@host:5432/database')
}

/** Any text but the empty one. */
export const readText: ValueReader<string> = (text) => text

import type { ResolveRule } from './config-values.ts'
import { isIP } from 'node:net'
import { PermanentError } from '../schema/contracts/errors.ts'

export interface DialTarget {
  address: string
  /** Null keeps the URL's port. */
  port: number | null
}

/** Where sockets for a name are opened instead of where DNS says. It permits nothing: the guard judges the address. */
export interface ResolveMap {
  find(hostname: string, port: number): DialTarget | null
}

interface Entry {
  suffix: string
  wildcard: boolean
  port: number | null
  target: DialTarget
}

/**
 * Parses `NAME[:PORT]=ADDRESS[:PORT]` entries separated by commas; `*.NAME` stands for every name below NAME, not for
 * NAME itself; IPv6 addresses stand in brackets. The most exact entry wins: full name before wildcard, longer wildcard
 * before shorter, with a port before without. Throws PermanentError `RESOLVE_INVALID` naming the entry.
 */
export function parseResolveMap(text: string): ResolveMap {
  const entries = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseEntry)
    .sort(byExactness)
  return {
    find(hostname, port) {
      const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
      const hit = entries.find(
        (entry) =>
          (entry.port === null || entry.port === port) &&
          (entry.wildcard ? name.endsWith(`.${entry.suffix}`) : name === entry.suffix),
      )
      return hit === undefined ? null : hit.target
    },
  }
}

/** Of entries that fit one name, a full name is longer than any wildcard's part of it. */
function byExactness(a: Entry, b: Entry): number {
  if (a.suffix.length !== b.suffix.length) return b.suffix.length - a.suffix.length
  return Number(a.port === null) - Number(b.port === null)
}

function parseEntry(part: string): Entry {
  const [left, right, ...rest] = part.split('=')
  const source = splitPort(left ?? '')
  const target = splitPort(right ?? '')
  if (source === null || target === null || rest.length > 0 || isIP(target.host) === 0) throw invalid(part)
  const wildcard = source.host.startsWith('*.')
  const suffix = hostOf(wildcard ? source.host.slice(2) : source.host)
  if (suffix === null) throw invalid(part)
  return { suffix, wildcard, port: source.port, target: { address: target.host, port: target.port } }
}

function invalid(entry: string): PermanentError {
  return new PermanentError('RESOLVE_INVALID', `resolve entry ${entry} is not NAME[:PORT]=ADDRESS[:PORT]`, { entry })
}

/** The name as the URL parser writes it (lower case, punycode), so that it compares with a URL's host. */
function hostOf(name: string): string | null {
  const url = name === '' || name.includes('/') ? null : URL.parse(`http://${name}/`)
  if (url === null) return null
  const { hostname } = url
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
}

function splitPort(text: string): { host: string; port: number | null } | null {
  const bracketed = text.startsWith('[')
  const end = bracketed ? text.indexOf(']') : -1
  if (bracketed && end < 0) return null
  const colon = text.indexOf(':', bracketed ? end : 0)
  const host = bracketed ? text.slice(1, end) : colon < 0 ? text : text.slice(0, colon)
  if (colon < 0) return { host, port: null }
  const digits = text.slice(colon + 1)
  const port = Number(digits)
  return /^\d{1,5}$/.test(digits) && port >= 1 && port <= 65_535 ? { host, port } : null
}

/** A rule of the settings as `parseResolveMap` reads it. */
export function ruleText({ pattern, host, port }: ResolveRule): string {
  const address = host.includes(':') ? `[${host}]` : host
  return `${pattern}=${address}${port === null ? '' : `:${port}`}`
}

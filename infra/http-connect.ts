import dns from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import { literalAddress } from './address-guard.ts'
import type { AddressGuard } from './address-guard.ts'
import type { ResolveMap } from './resolve-map.ts'

/** All addresses of a name, in the resolver's order. Rejects with the resolver's own error. */
export type DnsLookup = (hostname: string) => Promise<{ address: string; family: number }[]>

export interface DialOptions {
  guard: AddressGuard
  resolve: ResolveMap | null
  dnsLookup: DnsLookup
  /** For one address, TCP and TLS together. */
  connectTimeoutMs: number
  /** Further authorities that servers may be signed by, PEM; null trusts the runtime's list alone. */
  ca: string | null
}

export interface Origin {
  protocol: string
  /** As the URL parser writes it, IPv6 without brackets. */
  hostname: string
  port: number
}

/** The origin of an http or https URL. */
export function originOf(url: URL): Origin {
  return {
    protocol: url.protocol,
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
  }
}

/** Why no socket came about. `code` is the system's or ours; `stage` says how far it went. */
export class DialError extends Error {
  readonly code: string
  readonly stage: 'guard' | 'dns' | 'tcp' | 'tls'

  constructor(stage: 'guard' | 'dns' | 'tcp' | 'tls', code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DialError'
    this.stage = stage
    this.code = code
  }
}

/** A site with many addresses, most of them dead, may not hold a worker for a connect timeout each. */
const MAX_ADDRESSES_TRIED = 3

export const systemLookup: DnsLookup = (hostname) => dns.lookup(hostname, { all: true, order: 'verbatim' })

/**
 * Opens one socket to an origin. The name is resolved once, every answer is judged, and a judged address is what is
 * dialled; nothing resolves the name again. TLS names the origin's host and verifies its certificate, whatever the
 * environment says. Rejects with DialError.
 */
export async function dial(origin: Origin, options: DialOptions, signal: AbortSignal): Promise<net.Socket> {
  const targets = await targetsOf(origin, options)
  let last: DialError | null = null
  for (const target of targets.slice(0, MAX_ADDRESSES_TRIED)) {
    if (signal.aborted) break
    try {
      return await open(origin, target, options, signal)
    } catch (error) {
      last = asDialError(error, 'tcp')
    }
  }
  throw last ?? new DialError('tcp', 'ABORTED', 'connecting was given up')
}

/** Where a socket to an origin may be opened to. */
export interface Target {
  address: string
  port: number
}

/** An origin's addresses that may be dialled, in the resolver's order. Rejects with DialError when there is none. */
export async function targetsOf(origin: Origin, options: DialOptions): Promise<Target[]> {
  const mapped = options.resolve?.find(origin.hostname, origin.port) ?? null
  const literal = literalAddress(origin.hostname)
  const addresses =
    mapped !== null ? [mapped.address] : literal !== null ? [literal] : await lookUp(origin.hostname, options.dnsLookup)
  const port = mapped?.port ?? origin.port
  const verdicts = addresses.map((address) => ({ address, verdict: options.guard.check(address, origin.port) }))
  const allowed = verdicts.filter(({ verdict }) => verdict.ok).map(({ address }) => ({ address, port }))
  if (allowed.length > 0) return allowed
  const why = verdicts.map(({ address, verdict }) => `${address} is ${verdict.ok ? 'allowed' : verdict.range}`)
  throw new DialError('guard', 'ADDRESS_BLOCKED', `address blocked: ${why.slice(0, 4).join(', ')}`)
}

async function lookUp(hostname: string, dnsLookup: DnsLookup): Promise<string[]> {
  try {
    const answers = await dnsLookup(hostname)
    if (answers.length > 0) return answers.map(({ address }) => address)
  } catch (error) {
    throw asDialError(error, 'dns')
  }
  throw new DialError('dns', 'ENOTFOUND', `name ${hostname} has no address`)
}

function open(origin: Origin, target: Target, options: DialOptions, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const secure = origin.protocol === 'https:'
    let stage: 'tcp' | 'tls' = 'tcp'
    const socket = secure ? openTls(origin, target, options) : openTcp(target)
    const giveUp = (code: string, message: string) => socket.destroy(new DialError(stage, code, message))
    const timer = setTimeout(() => giveUp('CONNECT_TIMEOUT', 'connecting took too long'), options.connectTimeoutMs)
    const onAbort = () => giveUp('ABORTED', 'connecting was given up')
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => (stage = 'tls'))
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      settle()
      resolve(socket)
    })
    const onError = (error: Error) => {
      settle()
      reject(asDialError(error, stage))
    }
    socket.once('error', onError)
  })
}

function openTcp(target: Target): net.Socket {
  return net.connect({ host: target.address, port: target.port })
}

function openTls(origin: Origin, target: Target, options: DialOptions): tls.TLSSocket {
  const named = net.isIP(origin.hostname) === 0
  return tls.connect({
    host: target.address,
    port: target.port,
    ...(named ? { servername: withoutDot(origin.hostname) } : {}),
    ...(options.ca === null ? {} : { ca: [...tls.rootCertificates, options.ca] }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  })
}

const withoutDot = (hostname: string) => (hostname.endsWith('.') ? hostname.slice(0, -1) : hostname)

function asDialError(error: unknown, stage: 'dns' | 'tcp' | 'tls'): DialError {
  if (error instanceof DialError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
  return new DialError(stage, code, error instanceof Error ? error.message : 'unknown fault', error)
}

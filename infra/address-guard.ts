import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { PermanentError } from '../schema/contracts/errors.ts'
import type { FetchFault, FetchReason } from '../schema/contracts/reasons.ts'

/** `range` names the special-purpose range that the address lies in, or the port. */
export type AddressVerdict = { ok: true } | { ok: false; range: string }

export type UrlVerdict = { ok: true; url: URL } | { ok: false; fault: FetchFault }

export interface AddressGuard {
  /**
   * May a socket be opened to this address (IPv4 or IPv6 literal without brackets), for a URL with this port? The port
   * is not asked in permitted networks. Never throws.
   */
  check(ip: string, port?: number): AddressVerdict
  /** May this URL be asked for at all? Judges scheme, userinfo, port, name and literal address; opens nothing. */
  checkUrl(url: string): UrlVerdict
}

/**
 * Ports of the web. A crawler that may be sent anywhere by a link asks web ports only: mail, database and cluster
 * services on other ports would answer a request with effects. Permitted networks are free of this rule.
 */
const WEB_PORTS = new Set([80, 443, 8000, 8008, 8080, 8443, 8888])

/** URLs write no port when it is their scheme's own. */
const DEFAULT_PORT = 80

type Block = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

/** A provider's service for its machines, in space that is public by every registry. */
const PROVIDER_SERVICE = '168.63.129.16'

/** Outside of it no unicast address is in use. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Carriers of an IPv4 address that the library does not unfold. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR('2002::/16')

/** Names that only a private network answers. A name without a dot never leaves one either. */
const PRIVATE_SUFFIXES = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
  'svc',
  'onion',
]

/**
 * Guard of every socket that the crawl opens: public addresses only, and what `allow` (CIDRs or single addresses)
 * permits. Throws PermanentError `NETWORK_ALLOW_INVALID` when an entry of `allow` is neither.
 */
export function createAddressGuard(options: { allow: readonly string[] }): AddressGuard {
  const permitted = options.allow.map(parsePermitted)
  const isPermitted = (ip: ipaddr.IPv4 | ipaddr.IPv6) => permitted.some((block) => isInside(ip, block))

  function check(text: string, port?: number): AddressVerdict {
    const ip = parseAddress(text)
    if (ip === null) return { ok: false, range: 'not an address' }
    if (isPermitted(ip)) return { ok: true }
    const range = ip instanceof ipaddr.IPv4 ? rangeOfV4(ip) : rangeOfV6(ip)
    if (range !== null) return { ok: false, range }
    return port === undefined || WEB_PORTS.has(port) ? { ok: true } : { ok: false, range: `on port ${port}` }
  }

  function checkUrl(text: string): UrlVerdict {
    const url = URL.parse(text)
    if (url === null) return refuse('bad_url', 'URL_INVALID', 'url does not parse')
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return refuse('bad_scheme', 'URL_SCHEME', `scheme ${url.protocol} is not http or https`)
    }
    if (url.username !== '' || url.password !== '') {
      return refuse('bad_url', 'URL_USERINFO', 'url carries a user name or password')
    }
    return checkHost(url)
  }

  function checkHost(url: URL): UrlVerdict {
    const port = url.port === '' ? DEFAULT_PORT : Number(url.port)
    const literal = literalAddress(url.hostname)
    if (literal !== null) {
      const verdict = check(literal, port)
      if (!verdict.ok) return refuse('address_blocked', 'ADDRESS_BLOCKED', `address ${literal} is ${verdict.range}`)
      return { ok: true, url }
    }
    // Names may lead into a permitted network, if there is one: then their address decides, once it is known.
    if (permitted.length > 0) return { ok: true, url }
    if (isPrivateName(url.hostname)) {
      return refuse('address_blocked', 'NAME_BLOCKED', `name ${url.hostname} belongs to private networks`)
    }
    if (!WEB_PORTS.has(port)) {
      return refuse('address_blocked', 'PORT_BLOCKED', `port ${port} is not a port of the web`)
    }
    return { ok: true, url }
  }

  return { check, checkUrl }
}

/** The address of a URL's host when it is a literal one, without brackets; null for a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? null : bare
}

function refuse(reason: FetchReason, errorCode: string, message: string): UrlVerdict {
  return { ok: false, fault: { reason, errorCode, message } }
}

function isPrivateName(hostname: string): boolean {
  const name = (hostname.endsWith('.') ? hostname.slice(0, -1) : hostname).toLowerCase()
  if (!name.includes('.')) return true
  return PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`) || name === suffix)
}

/** IPv4-mapped addresses become their IPv4 address: a socket opened to them goes there. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (isIP(text) === 0) return null
  const ip = ipaddr.parse(text)
  return ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress() ? ip.toIPv4Address() : ip
}

function parsePermitted(text: string): Block {
  const single = parseAddress(text)
  if (single !== null) return [single, single instanceof ipaddr.IPv4 ? 32 : 128]
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  throw new PermanentError('NETWORK_ALLOW_INVALID', `network ${text} is not an address or CIDR`, { network: text })
}

function isInside(ip: ipaddr.IPv4 | ipaddr.IPv6, [base, bits]: Block): boolean {
  if (ip instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && ip.match(base, bits)
  return base instanceof ipaddr.IPv6 && ip.match(base, bits)
}

function rangeOfV4(ip: ipaddr.IPv4): string | null {
  if (ip.toString() === PROVIDER_SERVICE) return 'provider metadata'
  const known = ip.range()
  return known === 'unicast' ? null : known
}

function rangeOfV6(ip: ipaddr.IPv6): string | null {
  const bytes = ip.toByteArray()
  if (ip.match(NAT64)) return innerRange(bytes.slice(12), 'nat64')
  if (ip.match(SIX_TO_FOUR)) return innerRange(bytes.slice(2, 6), '6to4')
  const known = ip.range()
  if (known !== 'unicast') return known
  return ip.match(GLOBAL_V6) ? null : 'outside global unicast'
}

function innerRange(bytes: number[], carrier: string): string | null {
  const range = rangeOfV4(new ipaddr.IPv4(bytes))
  return range === null ? null : `${carrier} of ${range}`
}

import { describe, expect, it } from 'vitest'
import { createAddressGuard } from '../../infra/address-guard.ts'
import { conformanceTable } from '../support/conformance-table.ts'

interface SsrfTable {
  ipv4: { cidr: string }[]
  ipv6: { cidr: string; why: string }[]
  extraAddresses: { address: string }[]
  urls: { url: string; block: boolean }[]
  names: string[]
  schemes: string[]
  portsToRefuseByDefault: number[]
}

const table = conformanceTable<SsrfTable>('ssrf.json')
const guard = createAddressGuard({ allow: [] })
const faultOf = (url: string, by = guard) => {
  const verdict = by.checkUrl(url)
  return verdict.ok ? 'ok' : verdict.fault.reason
}

describe('address guard on the vectors', () => {
  it('judges every URL as the table does', () => {
    const wrong = table.urls.filter(({ url, block }) => guard.checkUrl(url).ok === block)
    expect(wrong).toEqual([])
    expect(table.urls.length).toBeGreaterThanOrEqual(65)
  })

  it('refuses the first address of every special range', () => {
    const first = [...table.ipv4, ...table.ipv6].map(({ cidr }) => cidr.replace(/\/\d+$/, ''))
    expect(first.filter((ip) => guard.check(ip).ok)).toEqual([])
    expect(first).toHaveLength(35)
  })

  it('refuses provider addresses in public space', () => {
    expect(table.extraAddresses.map(({ address }) => guard.check(address))).toEqual([
      { ok: false, range: 'provider metadata' },
    ])
  })

  it('refuses names of private networks', () => {
    expect(table.names.filter((name) => faultOf(`http://${name}/`) !== 'address_blocked')).toEqual([])
  })

  it('refuses every scheme but http and https', () => {
    expect(table.schemes.filter((url) => faultOf(url) !== 'bad_scheme')).toEqual([])
  })

  it('refuses ports of services that are not the web', () => {
    const ports = table.portsToRefuseByDefault
    expect(ports.filter((port) => faultOf(`http://example.org:${port}/`) !== 'address_blocked')).toEqual([])
  })
})

describe('address guard', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['::ffff:10.1.2.3', 'private'],
    ['64:ff9b::7f00:1', 'nat64 of loopback'],
    ['2002:a00:1::', '6to4 of private'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'teredo'],
    ['2001:5::1', 'reserved'],
    ['::7f00:1', 'outside global unicast'],
    ['4000::1', 'outside global unicast'],
    ['fe80::1%eth0', 'linkLocal'],
    ['not an address', 'not an address'],
  ])('names the range of %s', (ip, range) => {
    expect(guard.check(ip)).toEqual({ ok: false, range })
  })

  it.each(['64:ff9b::808:808', '2002:808:808::', '::ffff:8.8.8.8', '2a00:1450::1', '93.184.216.34'])(
    'lets %s pass, whose innermost address is public',
    (ip) => {
      expect(guard.check(ip)).toEqual({ ok: true })
    },
  )

  it('permits what the operator allows and nothing beside it', () => {
    const open = createAddressGuard({ allow: ['127.0.0.0/8', 'fd00::5'] })
    const addresses = ['127.9.9.9', '::ffff:127.0.0.1', 'fd00::5', 'fd00::6', '10.0.0.1', '64:ff9b::7f00:1', '1.1.1.1']
    expect(addresses.map((ip) => open.check(ip).ok)).toEqual([true, true, true, false, false, false, true])
  })

  it('takes any port and name, not any address, once networks are permitted', () => {
    const open = createAddressGuard({ allow: ['127.0.0.0/8'] })
    expect(faultOf('http://127.0.0.1:6379/', open)).toBe('ok')
    expect(faultOf('http://localhost:6379/', open)).toBe('ok')
    expect(faultOf('http://10.0.0.1/', open)).toBe('address_blocked')
    expect(faultOf('http://1.1.1.1:6379/', open)).toBe('address_blocked')
    expect(open.check('1.1.1.1', 6379)).toEqual({ ok: false, range: 'on port 6379' })
    expect(open.check('127.0.0.1', 6379)).toEqual({ ok: true })
  })

  it.each<[string, string]>([
    ['http://user@example.org/', 'bad_url'],
    ['http://:secret@example.org/', 'bad_url'],
    ['http://example.org@127.0.0.1/', 'bad_url'],
    ['not a url', 'bad_url'],
    ['https://example.org:8443/', 'ok'],
    ['http://example.org./', 'ok'],
    ['http://intranet/', 'address_blocked'],
    ['http://mylocal/', 'address_blocked'],
    ['http://home.arpa/', 'address_blocked'],
    ...['localdomain', 'intranet', 'private', 'corp', 'home', 'cluster.local', 'onion'].map(
      (suffix): [string, string] => [`http://a.${suffix}/`, 'address_blocked'],
    ),
    ['http://notlocal.org/', 'ok'],
  ])('judges %s: %s', (url, outcome) => {
    expect(faultOf(url)).toBe(outcome)
  })

  it('lets the ports of the web pass, for names, addresses and sockets, and no other', () => {
    const web = [80, 443, 8000, 8008, 8080, 8443, 8888]
    for (const port of [...web, 25, 81, 3000, 5432, 8001, 9200]) {
      const isWeb = web.includes(port)
      expect([port, guard.check('93.184.216.34', port).ok]).toEqual([port, isWeb])
      expect([port, faultOf(`http://example.org:${port}/`)]).toEqual([port, isWeb ? 'ok' : 'address_blocked'])
      expect([port, faultOf(`https://93.184.216.34:${port}/`)]).toEqual([port, isWeb ? 'ok' : 'address_blocked'])
    }
  })

  it('names the entry that is no network', () => {
    expect(() => createAddressGuard({ allow: ['10.0.0.0/33'] })).toThrow(
      expect.objectContaining({ code: 'NETWORK_ALLOW_INVALID', details: { network: '10.0.0.0/33' } }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { parseResolveMap } from '../../infra/resolve-map.ts'

describe('resolve map', () => {
  it('sends a name to an address and leaves all others alone', () => {
    const map = parseResolveMap('site.example=127.0.0.1:8080, ')
    expect(map.find('site.example', 80)).toEqual({ address: '127.0.0.1', port: 8080 })
    expect(map.find('site.example.', 80)).toEqual({ address: '127.0.0.1', port: 8080 })
    expect(map.find('www.site.example', 80)).toBeNull()
  })

  it('takes a wildcard for every name below, not for the name itself', () => {
    const map = parseResolveMap('*.demo.example=127.0.0.1:1')
    expect(
      ['a.demo.example', 'b.a.demo.example', 'demo.example', 'xdemo.example'].map((name) => map.find(name, 80)?.port),
    ).toEqual([1, 1, undefined, undefined])
  })

  it('prefers the most exact entry, in whatever order they stand', () => {
    const map = parseResolveMap('*.example=10.0.0.1,*.b.example=10.0.0.2,a.b.example=10.0.0.3,a.b.example:443=10.0.0.4')
    expect(map.find('x.example', 80)?.address).toBe('10.0.0.1')
    expect(map.find('x.b.example', 80)?.address).toBe('10.0.0.2')
    expect(map.find('a.b.example', 80)?.address).toBe('10.0.0.3')
    expect(map.find('a.b.example', 443)?.address).toBe('10.0.0.4')
  })

  it('reads IPv6 targets, and keeps the port of the URL when none is given', () => {
    const map = parseResolveMap('a.example=[::1]:81,b.example=[::2]')
    expect(map.find('a.example', 80)).toEqual({ address: '::1', port: 81 })
    expect(map.find('b.example', 80)).toEqual({ address: '::2', port: null })
  })

  it('compares names as URLs write them', () => {
    expect(parseResolveMap('ПРИМЕР.example=10.0.0.1').find('xn--e1afmkfd.example', 80)?.address).toBe('10.0.0.1')
  })

  it.each([
    'a.example',
    'a.example=',
    'a.example=b.example',
    'a.example=1.2.3.4:0',
    '=1.2.3.4',
    'a=1.2.3.4=5',
    'a=[::1',
  ])('refuses %s', (text) => {
    expect(() => parseResolveMap(text)).toThrow(
      expect.objectContaining({ code: 'RESOLVE_INVALID', details: { entry: text } }),
    )
  })
})

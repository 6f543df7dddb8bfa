import { describe, expect, it } from 'vitest'
import { canonicalUrl, inScope, registrableDomain, siteOf, urlDigest } from '../../../activities/crawl/canonical-url.ts'

const canonical = (text: string, base?: string) => {
  const result = canonicalUrl(text, base)
  return result.ok ? result.url : result.reason
}

describe('canonical URL', () => {
  it.each([
    ['HTTP://Example.ORG:80/a', 'http://example.org/a'],
    ['https://example.org:443', 'https://example.org/'],
    ['https://example.org:8443/', 'https://example.org:8443/'],
    ['http://example.org./x', 'http://example.org/x'],
    ['http://example.org/a/./b/../c#part', 'http://example.org/a/c'],
    ['http://example.org/%2e%2e/x', 'http://example.org/x'],
    ['http://example.org/%7euser/%e2%82%ac', 'http://example.org/~user/%E2%82%AC'],
    ['http://example.org/\u20ac?q=\u20ac', 'http://example.org/%E2%82%AC?q=%E2%82%AC'],
    ['http://пример.рф/', 'http://xn--e1afmkfd.xn--p1ai/'],
    ['  http://example.org/a\tb\n ', 'http://example.org/ab'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://example.org/a%2%45b', 'http://example.org/a%2%45b'],
    ['http://example.org/%?%41', 'http://example.org/%?A'],
    ['http://[::FFFF:1.2.3.4]/', 'http://[::ffff:102:304]/'],
  ])('writes %s as %s', (text, url) => {
    expect(canonical(text)).toBe(url)
  })

  it.each([
    ['http://example.org/a%2Fb', 'http://example.org/a/b'],
    ['http://example.org/a?', 'http://example.org/a'],
    ['http://example.org/a/', 'http://example.org/a'],
    ['http://example.org/A', 'http://example.org/a'],
    ['http://example.org/?a=1&b=2', 'http://example.org/?b=2&a=1'],
    ['http://example.org/?a=%26', 'http://example.org/?a=&'],
    ['http://example.org/?a=+', 'http://example.org/?a=%20'],
    ['http://example.org/', 'https://example.org/'],
    ['http://www.example.org/', 'http://example.org/'],
  ])('keeps %s and %s apart', (one, two) => {
    expect(canonical(one)).not.toBe(canonical(two))
  })

  it('says the same of its own result', () => {
    const texts = [
      'http://x.example/%7e%2%41?%zz&%41',
      'http://x.example/a?#',
      'http://x.example/%25%34%31',
      "http://x.example/?q='|\u00e9",
    ]
    expect(texts.map((text) => canonical(canonical(text)))).toEqual(texts.map((text) => canonical(text)))
  })

  it('resolves against a base', () => {
    expect(canonical('../b.png?x#y', 'http://example.org/a/c/d')).toBe('http://example.org/a/b.png?x')
    expect(canonical('//cdn.example/x', 'https://example.org/')).toBe('https://cdn.example/x')
  })

  it.each([
    ['http://user@example.org/', 'bad_url'],
    ['http://:secret@example.org/', 'bad_url'],
    ['http://', 'bad_url'],
    ['http://./', 'bad_url'],
    ['/relative', 'bad_url'],
    ['mailto:a@example.org', 'bad_scheme'],
    ['data:text/html,x', 'bad_scheme'],
    ['javascript:void(0)', 'bad_scheme'],
  ])('refuses %s', (text, reason) => {
    expect(canonical(text)).toBe(reason)
  })

  it('takes 2,048 characters and no more', () => {
    expect(canonical(`http://example.org/${'a'.repeat(2029)}`)).toHaveLength(2048)
    expect(canonical(`http://example.org/${'a'.repeat(2030)}`)).toBe('bad_url')
  })

  it('digests the URL by sha256', () => {
    expect(urlDigest('http://example.org/')).toBe('781bc04ec9bd049cdfacaec4ae2026102118d13c79413246f0c88eeef6ebec4e')
  })
})

describe('scope', () => {
  it.each([
    ['www.example.co.uk', 'example.co.uk'],
    ['someone.github.io', 'someone.github.io'],
    ['a.b.example.org.', 'example.org'],
    ['Example.ORG', 'example.org'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['localhost', 'localhost'],
    ['co.uk', 'co.uk'],
  ])('%s belongs to %s', (host, domain) => {
    expect(registrableDomain(host)).toBe(domain)
  })

  it.each([
    ['page', 'https://www.example.org/a', ['https://www.example.org/a']],
    [
      'host',
      'https://www.example.org/a',
      ['https://www.example.org/a', 'https://www.example.org/b', 'http://www.example.org/'],
    ],
    [
      'domain',
      'https://www.example.org/a',
      [
        'https://www.example.org/a',
        'https://www.example.org/b',
        'http://www.example.org/',
        'https://www.example.org:8443/',
        'https://example.org/',
        'https://img.example.org/x',
      ],
    ],
  ] as const)('%s of a seed lets pass what lies in it', (scope, url, inside) => {
    const urls = [
      'https://www.example.org/a',
      'https://www.example.org/b',
      'http://www.example.org/',
      'https://www.example.org:8443/',
      'https://example.org/',
      'https://img.example.org/x',
      'https://example.com/',
      'https://evilexample.org/',
    ]
    expect(urls.filter((candidate) => inScope({ scope, url }, candidate))).toEqual(inside)
  })

  it('keys sites by their scope', () => {
    const url = 'http://www.example.org:81/x'
    expect([siteOf(url, 'page'), siteOf(url, 'host'), siteOf(url, 'domain')]).toEqual([
      'page:http://www.example.org:81/x',
      'host:www.example.org:81',
      'domain:example.org',
    ])
  })
})

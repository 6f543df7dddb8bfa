import { describe, expect, it } from 'vitest'
import {
  crawlDelaySeconds,
  isAllowed,
  parseRobots,
  productToken,
  robotsVerdictForStatus,
  sitemaps,
} from '../../../activities/crawl/robots.ts'
import { conformanceTable } from '../../support/conformance-table.ts'

interface RobotsTable {
  files: Record<string, string>
  access: {
    id: string
    profile: string
    robots: string
    agent: string
    url: string
    allowed: boolean
    rfc9309Allowed?: boolean
  }[]
  lineEndings: { name: string; robots: string }[]
  bom: { name: string; robotsBase64: string; validDirectives: number }[]
  pathExtraction: { url: string; path: string }[]
}

const table = conformanceTable<RobotsTable>('robots-google.json')
const rules = (text: string) => parseRobots(Buffer.from(text))
const allows = (text: string, path: string, token = 'mella') =>
  isAllowed(rules(text), token, `https://site.example${path}`).allowed

describe('robots rules on the vectors', () => {
  it('agrees with every row that RFC 9309 decides', () => {
    const rows = table.access.filter(
      ({ profile, rfc9309Allowed }) => profile === 'rfc9309' || rfc9309Allowed !== undefined,
    )
    const wrong = rows.filter(({ robots, agent, url, allowed, rfc9309Allowed }) => {
      return isAllowed(rules(table.files[robots] ?? ''), agent, url).allowed !== (rfc9309Allowed ?? allowed)
    })
    expect(wrong).toEqual([])
    expect(rows.length).toBeGreaterThanOrEqual(129)
  })

  it('reads all line ends alike', () => {
    const read = table.lineEndings.map(({ robots }) => rules(robots))
    expect(read).toEqual(
      Array.from({ length: read.length }, () => ({
        groups: [
          { agents: ['foo'], rules: [{ allow: true, pattern: '/some/path', line: 2 }] },
          { agents: ['bar'], rules: [{ allow: false, pattern: '/', line: 6 }] },
        ],
        delays: [],
        sitemaps: [],
      })),
    )
  })

  it('passes over a byte order mark, whole or cut, at the start only', () => {
    const agents = table.bom.map(({ name, robotsBase64 }) => [
      name,
      parseRobots(Buffer.from(robotsBase64, 'base64')).groups.length,
    ])
    expect(Object.fromEntries(agents)).toEqual({
      'full-bom': 1,
      'partial-bom-2': 1,
      'partial-bom-1': 1,
      'broken-bom': 0,
      'bom-mid-file': 1,
    })
  })
})

describe('robots rules', () => {
  it('says which group and which line decided', () => {
    const text = 'User-agent: *\nDisallow: /\n\nUser-agent: Mella/2.0\nDisallow: /private # ours\nAllow: /private/open'
    expect(isAllowed(rules(text), 'mella', 'https://site.example/private/x')).toEqual({
      allowed: false,
      group: 'mella',
      rule: 'disallow: /private',
      line: 5,
    })
    expect(isAllowed(rules(text), 'mella', 'https://site.example/private/open')).toMatchObject({
      allowed: true,
      line: 6,
    })
    expect(isAllowed(rules(text), 'other', 'https://site.example/')).toMatchObject({
      allowed: false,
      group: '*',
      line: 2,
    })
    expect(isAllowed(rules(text), 'mella', 'https://site.example/')).toEqual({
      allowed: true,
      group: 'mella',
      rule: null,
      line: null,
    })
  })

  it('takes the rule with the most octets, and on a tie the allowing one, in whatever order they stand', () => {
    expect(allows('User-agent: *\nAllow: /a/b\nDisallow: /a', '/a/b/c')).toBe(true)
    expect(allows('User-agent: *\nDisallow: /a/b\nAllow: /a', '/a/b/c')).toBe(false)
    expect(allows('User-agent: *\nDisallow: /a\nAllow: /a', '/a')).toBe(true)
  })

  it('takes groups of one name together and no others with them', () => {
    const text = 'User-agent: mella\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: MELLA\nDisallow: /c'
    expect(['/a', '/b', '/c'].map((path) => allows(text, path))).toEqual([false, true, false])
  })

  it('lets a group of ours without rules stand for everything allowed', () => {
    expect(allows('User-agent: *\nDisallow: /\nUser-agent: mella\nDisallow:', '/x')).toBe(true)
  })

  it('is not ended by lines of other kinds', () => {
    expect(
      allows('User-agent: x\nSitemap: /s.xml\nCrawl-delay: 1\nFoo: bar\nUser-agent: mella\nDisallow: /', '/x', 'x'),
    ).toBe(false)
  })

  it.each([
    ['/*.php', '/a.php', false],
    ['/*.php$', '/a.php?x', true],
    ['/*.php$', '/a.php/b.php', false],
    ['/a*b*c', '/axxbxxc', false],
    ['/a*b*c', '/axxcxxb', true],
    ['/a*a$', '/a', true],
    ['*', '/x', false],
    ['/$', '/', false],
    ['/$', '/x', true],
    ['/a$b', '/a$b', false],
    ['/%2A', '/*', false],
    ['/Case', '/case', true],
    ['/x?q=1', '/x?q=1&r', false],
    ['/ž', '/%c5%be', false],
    ['/%c5%be', '/ž', false],
    ['/%7Euser', '/~user', false],
    ['/a%2fb', '/a/b', true],
    ['/a%2Fb', '/a%2fb', false],
    ["/?q='x'", "/?q='x'", false],
    ['/a|b', '/a|b', false],
  ])('Disallow: %s on %s allows: %s', (pattern, path, allowed) => {
    expect(allows(`User-agent: *\nDisallow: ${pattern}`, path)).toBe(allowed)
  })

  it.each(['disallow', 'DISALLOW', 'dissallow', 'dissalow', 'disalow', 'diasllow', 'disallaw'])(
    'understands %s',
    (key) => {
      expect(allows(`User-agent: *\n${key}: /x`, '/x')).toBe(false)
    },
  )

  it.each(['User-agent: *', 'useragent: *', 'User Agent: *', 'user-agent *'])('understands %s', (line) => {
    expect(allows(`${line}\nDisallow: /x`, '/x')).toBe(false)
  })

  it('takes what does not parse as a URL for a path', () => {
    expect(isAllowed(rules('User-agent: *\nDisallow: /ž'), 'mella', '/ž/x').allowed).toBe(false)
  })

  it('does not hold a crawler to a group that names only another', () => {
    expect(isAllowed(rules('User-agent: other\nDisallow: /'), 'mella', 'https://site.example/x')).toEqual({
      allowed: true,
      group: null,
      rule: null,
      line: null,
    })
  })

  it('names the rule that decided and its line, of equal ones the first', () => {
    const text = 'User-agent: *\nDisallow: /a\nAllow: /a/b\n\nUser-agent: *\nAllow: /a/b\n'
    expect(isAllowed(rules(text), 'mella', 'https://site.example/a/b/c')).toEqual({
      allowed: true,
      group: '*',
      rule: 'allow: /a/b',
      line: 3,
    })
  })

  it('counts wildcards in a row as one where the longest rule decides', () => {
    expect(allows('User-agent: *\nDisallow: /a******\nAllow: /a/b', '/a/b')).toBe(true)
  })

  it('takes no octet of a path for two pieces of a pattern', () => {
    const text = 'User-agent: *\nDisallow: /*ab*b$'
    expect(['/xab', '/xabb', '/abxb', '/abxbc'].map((path) => allows(text, path))).toEqual([true, false, false, true])
  })

  it('knows no key by what every object has, and reads a file that is a byte order mark alone', () => {
    expect(rules('User-agent: *\nconstructor: x\nUser-agent: b\nCrawl-delay: 1').delays).toEqual([
      { agents: ['*', 'b'], seconds: 1 },
    ])
    expect(rules('\ufeff')).toEqual({ groups: [], delays: [], sitemaps: [] })
  })

  it('always allows robots.txt itself', () => {
    expect(allows('User-agent: *\nDisallow: /', '/robots.txt')).toBe(true)
    expect(allows('User-agent: *\nDisallow: /', '/robots.txt?x')).toBe(false)
  })

  it('answers from stored rules as from parsed ones', () => {
    const stored = JSON.parse(JSON.stringify(rules('User-agent: *\nDisallow: /a*b$'))) as ReturnType<typeof rules>
    expect(isAllowed(stored, 'mella', 'https://site.example/axb').allowed).toBe(false)
  })

  it('reads 512 KiB, whole lines only', () => {
    const filler = `${'#'.repeat(1023)}\n`.repeat(511)
    const head = 'User-agent: *\nDisallow: /first\n'
    const cut = `${head}${filler}${'#'.repeat(1010 - head.length)}\nDisallow: /abcdef\nDisallow: /late`
    expect(rules(cut).groups[0]?.rules.map(({ pattern }) => pattern)).toEqual(['/first'])
    expect(rules(`${head}${filler}Disallow: /second`).groups[0]?.rules.map(({ pattern }) => pattern)).toEqual([
      '/first',
      '/second',
    ])
  })

  it('keeps patterns free of controls, so that they can be stored', () => {
    expect(rules('User-agent: *\nDisallow: /a\0b\u0007').groups[0]?.rules[0]?.pattern).toBe('/a%00b')
  })

  it('matches a hostile file in reasonable steps', () => {
    const hostile = `User-agent: *\n${`Disallow: /${'*a'.repeat(500)}b\n`.repeat(400)}`
    expect(allows(hostile, `/${'a'.repeat(2000)}`)).toBe(true)
  })

  it('gives the largest delay in seconds that our name is asked for', () => {
    const text = [
      'User-agent: mella\nCrawl-delay: 1.5',
      'User-agent: x\nUser-agent: *\nCrawl-delay: 9',
      'User-agent: mella\nDisallow: /a\nCrawl-delay: 3',
    ].join('\n')
    expect(['mella', 'x', 'other'].map((token) => crawlDelaySeconds(rules(text), token))).toEqual([3, 9, 9])
    for (const value of ['soon', '0', '-1', '1e3', '0x10', '1 2', '12345678'])
      expect([value, crawlDelaySeconds(rules(`User-agent: *\nCrawl-delay: ${value}`), 'other')]).toEqual([value, null])
  })

  it('takes many delays of many agents in linear space', () => {
    const text = `${'User-agent: a\n'.repeat(15_000)}${'Crawl-delay: 2\n'.repeat(15_000)}Crawl-delay: 0`
    const { delays } = rules(text)
    expect(delays.map(({ agents, seconds }) => [agents.length, seconds])).toEqual([[15_000, 2]])
  })

  it('names sitemaps as canonical URLs, each once, relative ones too', () => {
    const text =
      'Sitemap: https://cdn.example/a.xml#x\nSitemap: /b.xml\nSitemap: https://cdn.example/a.xml\nSitemap: ftp://x/\nSitemap: /ž.xml\nsite-map: /c\0.xml'
    expect(sitemaps(rules(text), 'https://site.example/robots.txt')).toEqual([
      'https://cdn.example/a.xml',
      'https://site.example/b.xml',
      'https://site.example/%C5%BE.xml',
      'https://site.example/c.xml',
    ])
  })

  it('takes the product token of a user agent', () => {
    expect(['Mella/1.0 (+https://x)', 'my_bot-x', 'Größe', ''].map(productToken)).toEqual([
      'mella',
      'my_bot-x',
      'gr',
      '',
    ])
  })
})

describe('robots verdict', () => {
  const body = Buffer.from('User-agent: *\nDisallow: /')

  it.each([
    [200, 'rules'],
    [204, 'rules'],
    [401, 'allow_all'],
    [403, 'allow_all'],
    [404, 'allow_all'],
    [410, 'allow_all'],
    [429, 'disallow_all'],
    [500, 'disallow_all'],
    [503, 'disallow_all'],
    [301, 'disallow_all'],
    [304, 'disallow_all'],
  ])('of status %i is %s', (status, kind) => {
    expect(robotsVerdictForStatus({ status, body }).kind).toBe(kind)
  })

  it.each(['dns_failed', 'timeout', 'tls_failed', 'address_blocked', 'too_many_redirects', 'too_large'] as const)(
    'of %s forbids everything and says why',
    (failure) => {
      expect(robotsVerdictForStatus({ failure })).toEqual({ kind: 'disallow_all', reason: 'robots_unreachable' })
    },
  )

  it('reads the rules of a file that came', () => {
    expect(robotsVerdictForStatus({ status: 200, body })).toEqual({ kind: 'rules', rules: parseRobots(body) })
  })
})

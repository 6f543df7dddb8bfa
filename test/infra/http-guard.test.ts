import type http from 'node:http'
import net from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { followRedirects } from '../../activities/crawl/redirects.ts'
import { canonicalUrl } from '../../activities/crawl/canonical-url.ts'
import { robotsVerdictForStatus } from '../../activities/crawl/robots.ts'
import type { DnsLookup } from '../../infra/http-connect.ts'
import { parseResolveMap } from '../../infra/resolve-map.ts'
import { conformanceTable } from '../support/conformance-table.ts'
import { aFetcher, aRequest, outcomeOf } from '../support/web-fetcher.ts'
import { serve } from '../support/web-site.ts'
import type { TestSite } from '../support/web-site.ts'

/**
 * 127.0.0.2 plays the public site, since it is the only address that these fetchers may visit; 127.0.0.1, on the same
 * port, plays what must stay out of reach and counts who comes.
 */
const PUBLIC = '127.0.0.2'
const PRIVATE = '127.0.0.1'
const allow = [`${PUBLIC}/32`]
const BLOCKED = { reason: 'address_blocked', errorCode: 'ADDRESS_BLOCKED' }

/** Answers in turn, the last one for ever; counts the questions. */
function resolver(...answers: string[][]): { lookup: DnsLookup; asked: () => number } {
  let asked = 0
  const lookup: DnsLookup = () => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    return Promise.resolve(addresses.map((address) => ({ address, family: net.isIP(address) })))
  }
  return { lookup, asked: () => asked }
}

/** A public site and its private neighbour on the same port, on a port that is free at both addresses. */
async function neighbours(
  handler: http.RequestListener,
): Promise<{ site: TestSite; hidden: TestSite } & AsyncDisposable> {
  for (;;) {
    const site = await serve(handler, { address: PUBLIC })
    const { port } = site
    const hidden = await serve((_request, response) => response.end('private'), { address: PRIVATE, port }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error
        return null
      },
    )
    if (hidden) return { site, hidden, [Symbol.asyncDispose]: () => bothEnd(site, hidden) }
    await site[Symbol.asyncDispose]()
  }
}

async function bothEnd(site: TestSite, hidden: TestSite): Promise<void> {
  await hidden[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
}

const answering = (text: string) => serve((_request, response) => response.end(text), { address: PUBLIC })

const redirecting = (location: string) =>
  serve((_request, response) => response.writeHead(302, { Location: location }).end(), { address: PUBLIC })

const follow = async (site: TestSite, path = '/') => {
  await using fetcher = aFetcher({ allow })
  return await followRedirects(fetcher, aRequest({ url: `${site.url}${path}` }), () => true)
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** One test per scenario of the table, by its name. */
const scenarios: Record<string, () => Promise<void>> = {
  'rebind-two-lookups': async () => {
    await using both = await neighbours((_request, response) => response.end('public'))
    const { site, hidden } = both
    const { lookup, asked } = resolver([PUBLIC], [PRIVATE])
    await using fetcher = aFetcher({ allow, dnsLookup: lookup })
    expect(outcomeOf(await fetcher.get(`http://site.example:${site.port}/`))).toEqual({ status: 200, body: 'public' })
    expect({ asked: asked(), hidden: hidden.connections }).toEqual({ asked: 1, hidden: 0 })
  },

  'multi-answer': async () => {
    await using both = await neighbours((_request, response) => response.end('public'))
    const { site, hidden } = both
    await site[Symbol.asyncDispose]()
    await using fetcher = aFetcher({ allow, dnsLookup: resolver([PUBLIC, PRIVATE]).lookup })
    expect(outcomeOf(await fetcher.get(`http://site.example:${site.port}/`))).toMatchObject({ reason: 'refused' })
    expect(hidden.connections).toBe(0)
  },

  'cname-chain': async () => {
    await using fetcher = aFetcher({ allow, dnsLookup: resolver(['10.0.0.1']).lookup })
    expect(outcomeOf(await fetcher.get('http://site.example/'))).toEqual(BLOCKED)
  },

  'aaaa-private': async () => {
    await using site = await answering('public')
    const dialled = vi.spyOn(net, 'connect')
    await using fetcher = aFetcher({ allow, dnsLookup: resolver(['fd00::1', PUBLIC]).lookup })
    expect(outcomeOf(await fetcher.get(`http://site.example:${site.port}/`))).toEqual({ status: 200, body: 'public' })
    expect(dialled.mock.calls.map(([options]) => options)).toEqual([expect.objectContaining({ host: PUBLIC })])
  },

  'redirect-302-private': async () => {
    await using hidden = await serve(() => {})
    await using site = await redirecting(hidden.url)
    const { hops, result } = await follow(site)
    expect(outcomeOf(result)).toEqual(BLOCKED)
    expect({ hops: hops.length, hidden: hidden.connections }).toEqual({ hops: 1, hidden: 0 })
  },

  'redirect-scheme': async () => {
    await using site = await redirecting('file:///etc/passwd')
    expect((await follow(site)).result).toMatchObject({ kind: 'failure', reason: 'bad_scheme' })
  },

  'redirect-meta-refresh': async () => {
    await using fetcher = aFetcher({ allow })
    expect(outcomeOf(await fetcher.get('http://169.254.169.254/'))).toEqual(BLOCKED)
  },

  'redirect-userinfo': async () => {
    await using hidden = await serve(() => {})
    await using site = await redirecting(`http://site.example@${PRIVATE}:${hidden.port}/`)
    expect((await follow(site)).result).toMatchObject({ kind: 'failure', reason: 'bad_url' })
    expect(hidden.connections).toBe(0)
  },

  'keepalive-reuse': async () => {
    await using both = await neighbours((_request, response) => response.setHeader('Connection', 'close').end('public'))
    const { site, hidden } = both
    await using fetcher = aFetcher({ allow, dnsLookup: resolver([PUBLIC], [PRIVATE]).lookup })
    const url = `http://site.example:${site.port}/`
    expect(outcomeOf(await fetcher.get(url))).toEqual({ status: 200, body: 'public' })
    expect(outcomeOf(await fetcher.get(url))).toEqual(BLOCKED)
    expect(hidden.connections).toBe(0)
  },

  'h2-coalescing': async () => {
    await using hidden = await serve(() => {})
    await using site = await serve(
      (_request, response) => response.setHeader('Alt-Svc', `h2="${PRIVATE}:${hidden.port}"; persist=1`).end('public'),
      { address: PUBLIC },
    )
    await using fetcher = aFetcher({ allow })
    await fetcher.get(site.url)
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ status: 200, body: 'public' })
    expect({ site: site.connections, hidden: hidden.connections }).toEqual({ site: 1, hidden: 0 })
  },

  'proxy-bypass': async () => {
    await using proxy = await serve((_request, response) => response.end('proxied'))
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy.url)
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    await using site = await answering('direct')
    await using fetcher = aFetcher({ allow })
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ status: 200, body: 'direct' })
    expect(proxy.connections).toBe(0)
  },

  'robots-redirect': async () => {
    await using hidden = await serve((_request, response) => response.end('User-agent: *\nAllow: /'))
    await using site = await redirecting(`${hidden.url}/robots.txt`)
    const { result } = await follow(site, '/robots.txt')
    expect(outcomeOf(result)).toEqual(BLOCKED)
    const outcome = result.kind === 'failure' ? { failure: result.reason } : result
    expect(robotsVerdictForStatus(outcome)).toEqual({ kind: 'disallow_all', reason: 'robots_unreachable' })
    expect(hidden.connections).toBe(0)
  },

  'sitemap-private': async () => {
    await using fetcher = aFetcher({ allow })
    expect(outcomeOf(await fetcher.get('http://10.0.0.5/sitemap.xml'))).toEqual(BLOCKED)
  },

  'image-src-private': async () => {
    await using fetcher = aFetcher({ allow })
    expect(outcomeOf(await fetcher.get('http://192.168.0.1/cam.jpg'))).toEqual(BLOCKED)
  },

  'base-href-private': async () => {
    await using hidden = await serve(() => {})
    await using fetcher = aFetcher({ allow })
    const picture = canonicalUrl('img/a.png', `${hidden.url}/`)
    expect(outcomeOf(await fetcher.get(picture.ok ? picture.url : ''))).toEqual(BLOCKED)
    expect(hidden.connections).toBe(0)
  },
}

describe('address guard in use', () => {
  const table = conformanceTable<{ scenarios: { name: string; expect: string }[] }>('ssrf.json')

  it.each(table.scenarios)('$name: $expect', async ({ name }) => {
    const scenario = scenarios[name]
    if (scenario === undefined) throw new Error(`no test for scenario ${name}`)
    await scenario()
  })

  it('judges the address that a name is sent to, not the name', async () => {
    await using hidden = await serve(() => {})
    const resolve = parseResolveMap(`site.example=${PRIVATE}:${hidden.port}`)
    await using fetcher = aFetcher({ allow, resolve })
    expect(outcomeOf(await fetcher.get('http://site.example/'))).toEqual(BLOCKED)
    expect(hidden.connections).toBe(0)
  })

  it('judges the port with the address once a name is resolved', async () => {
    const dialled = vi.spyOn(net, 'connect')
    await using fetcher = aFetcher({ allow, dnsLookup: resolver(['93.184.216.34']).lookup })
    expect(outcomeOf(await fetcher.get('http://site.example:6379/'))).toEqual(BLOCKED)
    expect(dialled).not.toHaveBeenCalled()
  })

  it('says of each address of a name what forbids it, of four at most', async () => {
    const addresses = ['10.0.0.1', '169.254.169.254', '::1', '192.168.0.1', '192.168.0.2']
    await using fetcher = aFetcher({ allow, dnsLookup: resolver(addresses).lookup })
    expect(await fetcher.get('http://site.example/')).toMatchObject({
      message:
        'address blocked: 10.0.0.1 is private, 169.254.169.254 is linkLocal, ::1 is loopback, 192.168.0.1 is private',
    })
  })

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('keeps the word of the resolver, %s', async (code) => {
    const dnsLookup = () => Promise.reject(Object.assign(new Error(`queryA ${code}`), { code }))
    await using fetcher = aFetcher({ allow, dnsLookup })
    expect(outcomeOf(await fetcher.get('http://site.example/'))).toEqual({ reason: 'dns_failed', errorCode: code })
  })

  it('tries the next address of a name when the first does not answer', async () => {
    await using site = await answering('second')
    const { lookup } = resolver(['127.0.0.3', PUBLIC])
    await using fetcher = aFetcher({ allow: [...allow, '127.0.0.3'], dnsLookup: lookup })
    expect(outcomeOf(await fetcher.get(`http://site.example:${site.port}/`))).toEqual({ status: 200, body: 'second' })
  })
})

import { describe, expect, it } from 'vitest'
import { followRedirects, resolveRedirect } from '../../../activities/crawl/redirects.ts'
import { aFetcher, aRequest, outcomeOf } from '../../support/web-fetcher.ts'
import { serve } from '../../support/web-site.ts'

const FROM = 'https://site.example/a/b'

describe('redirect', () => {
  it.each([301, 302, 303, 307, 308])('of status %i leads to its location', (status) => {
    expect(resolveRedirect(FROM, status, '../c#x')).toEqual({ kind: 'to', url: 'https://site.example/c' })
  })

  it.each([200, 300, 304, 305, 404])('is none under status %i', (status) => {
    expect(resolveRedirect(FROM, status, '/c')).toEqual({ kind: 'none' })
  })

  it('is none without a location', () => {
    expect(resolveRedirect(FROM, 302, null)).toEqual({ kind: 'none' })
  })

  it('reads UTF-8 in the header, and Latin-1 where it is none', () => {
    expect(resolveRedirect(FROM, 302, Buffer.from('/ž').toString('latin1'))).toEqual({
      kind: 'to',
      url: 'https://site.example/%C5%BE',
    })
    expect(resolveRedirect(FROM, 302, '/\u00e9')).toEqual({ kind: 'to', url: 'https://site.example/%C3%A9' })
  })

  it.each([
    ['file:///etc/passwd', 'bad_scheme'],
    ['http://user@site.example/', 'bad_url'],
    ['http://', 'bad_url'],
  ])('to %s is refused', (location, reason) => {
    expect(resolveRedirect(FROM, 302, location)).toEqual({ kind: 'bad', reason })
  })
})

describe('following redirects', () => {
  /** `/5` leads to `/4` and so on; `/0` answers, `/loop` leads to itself. */
  const countdown = () =>
    serve((request, response) => {
      const step = Number(request.url?.slice(1))
      if (step === 0) response.end('there')
      else response.writeHead(302, { Location: Number.isNaN(step) ? '/loop' : `/${step - 1}` }).end()
    })

  it('takes five in a row and gives every hop', async () => {
    await using site = await countdown()
    await using fetcher = aFetcher()
    const { hops, result } = await followRedirects(fetcher, aRequest({ url: `${site.url}/5` }), () => true)
    expect(hops.map(({ url }) => new URL(url).pathname)).toEqual(['/5', '/4', '/3', '/2', '/1', '/0'])
    expect(outcomeOf(result)).toEqual({ status: 200, body: 'there' })
  })

  it.each(['/6', '/loop'])('gives up after five: %s', async (path) => {
    await using site = await countdown()
    await using fetcher = aFetcher()
    const { result } = await followRedirects(fetcher, aRequest({ url: site.url + path }), () => true)
    expect(result).toMatchObject({ kind: 'failure', reason: 'too_many_redirects', status: 302 })
    expect(site.requests).toHaveLength(6)
  })

  it('counts a hop that fails as none', async () => {
    await using site = await serve((request, response) => {
      if (request.url === '/end') request.socket.destroy()
      else response.writeHead(302, { Location: '/end' }).end()
    })
    await using fetcher = aFetcher()
    const { hops, result } = await followRedirects(fetcher, aRequest({ url: `${site.url}/start` }), () => true)
    expect(hops.map(({ url }) => new URL(url).pathname)).toEqual(['/start'])
    expect(result).toMatchObject({ kind: 'failure', reason: 'reset', url: `${site.url}/end` })
  })

  it('refuses a location that is none', async () => {
    await using site = await serve((_request, response) => response.writeHead(302, { Location: 'mailto:a' }).end())
    await using fetcher = aFetcher()
    const { result } = await followRedirects(fetcher, aRequest({ url: site.url }), () => true)
    expect(result).toMatchObject({ kind: 'failure', reason: 'bad_scheme', errorCode: 'REDIRECT_BAD_SCHEME' })
  })

  it('asks before each hop and does not go where it may not', async () => {
    await using site = await countdown()
    await using fetcher = aFetcher()
    const asked: string[] = []
    const { hops, result } = await followRedirects(fetcher, aRequest({ url: `${site.url}/5` }), (url) => {
      asked.push(new URL(url).pathname)
      return !url.endsWith('/3')
    })
    expect(asked).toEqual(['/4', '/3'])
    expect(hops).toHaveLength(2)
    expect(result).toMatchObject({ kind: 'failure', reason: 'redirect_out_of_scope', url: `${site.url}/4` })
    expect(site.requests).toEqual(['/5', '/4'])
  })
})

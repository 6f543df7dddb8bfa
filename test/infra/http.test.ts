import type http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import zlib from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { parseResolveMap } from '../../infra/resolve-map.ts'
import { aFetcher, outcomeOf } from '../support/web-fetcher.ts'
import { serve, serveRaw } from '../support/web-site.ts'

describe('web fetcher', () => {
  it('gives status, raw headers in order, body and remote address of one hop', async () => {
    await using site = await serveRaw((socket) =>
      socket.end(
        'HTTP/1.1 302 Moved On\r\nSet-Cookie: a=1\r\nset-cookie: b=\u00e9\r\nLocation: /next\r\nContent-Length: 2\r\n\r\nhi',
        'latin1',
      ),
    )
    await using fetcher = aFetcher()
    const result = await fetcher.get(`${site.url}/start`)
    expect(result).toMatchObject({
      kind: 'response',
      url: `${site.url}/start`,
      status: 302,
      statusText: 'Moved On',
      headers: [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=\u00e9'],
        ['Location', '/next'],
        ['Content-Length', '2'],
      ],
      body: Buffer.from('hi'),
      contentCodings: [],
      remoteAddress: '127.0.0.1',
    })
  })

  it('sends who we are, what else the caller asks, and gzip as the only coding', async () => {
    await using site = await serve((request, response) => {
      const { 'user-agent': agent, 'accept-encoding': coding, 'if-none-match': tag, cookie } = request.headers
      response.end(JSON.stringify({ agent, coding, tag, cookie }))
    })
    await using fetcher = aFetcher()
    const result = await fetcher.get(`${site.url}/`, { userAgent: 'me/1', headers: [['If-None-Match', '"x"']] })
    expect(outcomeOf(result)).toEqual({
      status: 200,
      body: JSON.stringify({ agent: 'me/1', coding: 'gzip', tag: '"x"' }),
    })
  })

  it('keeps the bytes as received beside the decoded body', async () => {
    const packed = zlib.gzipSync('hello')
    await using site = await serve((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip').end(packed)
    })
    await using fetcher = aFetcher()
    expect(await fetcher.get(site.url)).toMatchObject({
      body: Buffer.from('hello'),
      rawBody: packed,
      contentCodings: ['gzip'],
    })
  })

  it('keeps the public name in host header and URL when a name is sent elsewhere', async () => {
    await using site = await serve((request, response) => response.end(request.headers.host))
    await using fetcher = aFetcher({ resolve: parseResolveMap(`*.site.example=${site.address}:${site.port}`) })
    const result = await fetcher.get('http://www.site.example/x')
    expect(outcomeOf(result)).toEqual({ status: 200, body: 'www.site.example' })
    expect(result.url).toBe('http://www.site.example/x')
  })

  it('serves many requests over few kept connections', async () => {
    await using site = await serve((request, response) => response.end(request.url))
    await using fetcher = aFetcher({ sockets: { perOrigin: 3 } })
    const bodies = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => outcomeOf(await fetcher.get(`${site.url}/${i}`))),
    )
    expect(bodies).toEqual(Array.from({ length: 60 }, (_, i) => ({ status: 200, body: `/${i}` })))
    expect(site.connections).toBe(3)
  })

  it('keeps to the number of connections over all origins, closing those that idle', async () => {
    await using one = await serve((_request, response) => response.end('one'))
    await using two = await serve((_request, response) => response.end('two'), { address: '127.0.0.2' })
    await using fetcher = aFetcher({ sockets: { total: 1 } })
    const urls = [one.url, two.url, one.url, two.url]
    const results = await Promise.all(urls.map((url) => fetcher.get(url)))
    expect(results.map(outcomeOf).map((outcome) => 'body' in outcome && outcome.body)).toEqual([
      'one',
      'two',
      'one',
      'two',
    ])
  })

  it('has no more connections than it may over all origins, and ends none that is in use', async () => {
    let active = 0
    let most = 0
    const slow: http.RequestListener = (request, response) => {
      most = Math.max(most, (active += 1))
      setTimeout(() => {
        active -= 1
        response.end(request.url)
      }, 20)
    }
    await using one = await serve(slow)
    await using two = await serve(slow, { address: '127.0.0.2' })
    await using fetcher = aFetcher({ sockets: { total: 1 } })
    await fetcher.get(one.url)
    const urls = ['/a', '/b', '/c', '/d'].map((path, i) => `${(i % 2 === 0 ? one : two).url}${path}`)
    const results = await Promise.all(urls.map((url) => fetcher.get(url)))
    expect(results.map(outcomeOf)).toEqual(['/a', '/b', '/c', '/d'].map((body) => ({ status: 200, body })))
    expect(most).toBe(1)
    await vi.waitFor(() => expect(one.open + two.open).toBe(1))
  })

  it('does not let those who wait for one origin hold up another', async () => {
    await using stuck = await serve(() => {})
    await using quick = await serve((request, response) => response.end(request.url), { address: '127.0.0.2' })
    await using fetcher = aFetcher({ sockets: { perOrigin: 1 } })
    const ended: string[] = []
    const held = [1, 2].map(() => fetcher.get(stuck.url, { deadlineMs: 1000 }).finally(() => ended.push('stuck')))
    const served = await Promise.all(['/1', '/2', '/3'].map((path) => fetcher.get(quick.url + path)))
    expect(served.map(outcomeOf)).toEqual(['/1', '/2', '/3'].map((body) => ({ status: 200, body })))
    expect(ended).toEqual([])
    expect((await Promise.all(held)).map(outcomeOf)).toMatchObject([{ reason: 'timeout' }, { reason: 'timeout' }])
  })

  it('takes a head of up to 32 KiB', async () => {
    await using site = await serve((_request, response) => response.setHeader('X-Long', 'x'.repeat(30_000)).end('ok'))
    await using fetcher = aFetcher()
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ status: 200, body: 'ok' })
  })

  it('asks again on a new connection when the server dropped a kept one', async () => {
    await using site = await serve((request, response) => {
      if (site.requests.length === 2) request.socket.destroy()
      else response.end(String(site.requests.length))
    })
    await using fetcher = aFetcher()
    expect(outcomeOf(await fetcher.get(`${site.url}/a`))).toEqual({ status: 200, body: '1' })
    expect(outcomeOf(await fetcher.get(`${site.url}/b`))).toEqual({ status: 200, body: '3' })
    expect(site.connections).toBe(2)
  })

  it('stops keeping connections to a server that waits for acknowledgements', async () => {
    const asked: unknown[] = []
    await using site = await serve((request, response) => {
      asked.push(request.headers.connection)
      response.writeHead(200, { 'Content-Length': 2 }).flushHeaders()
      setTimeout(() => response.end('ok'), 200)
    })
    await using fetcher = aFetcher()
    for (let i = 0; i < 4; i += 1) expect(outcomeOf(await fetcher.get(site.url))).toEqual({ status: 200, body: 'ok' })
    expect(asked).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'close'])
  })

  it('keeps them where opening one takes as long', async () => {
    const asked: unknown[] = []
    await using site = await serve((request, response) => {
      asked.push(request.headers.connection)
      response.writeHead(200, { 'Content-Length': 2 }).flushHeaders()
      setTimeout(() => response.end('ok'), 100)
    })
    const dnsLookup = async () => {
      await sleep(200)
      return [{ address: site.address, family: 4 }]
    }
    await using fetcher = aFetcher({ dnsLookup })
    for (let i = 0; i < 4; i += 1) await fetcher.get(`http://site.example:${site.port}/`)
    expect(asked).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'keep-alive'])
  })

  it('asks once when a new connection is dropped', async () => {
    await using site = await serve((request) => request.socket.destroy())
    await using fetcher = aFetcher()
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ reason: 'reset', errorCode: 'UND_ERR_SOCKET' })
    expect(site.requests).toEqual(['/'])
  })

  it('gives an empty body to answers that have none', async () => {
    await using site = await serve((_request, response) => {
      response.writeHead(304, { 'Content-Encoding': 'gzip', ETag: '"x"' }).end()
    })
    await using fetcher = aFetcher()
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ status: 304, body: '' })
  })

  it.each([
    ['a body that ends with the connection', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    [
      'hints before the answer',
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    ],
    [
      'chunks and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n',
    ],
  ])('takes %s', async (_name, bytes) => {
    await using site = await serveRaw((socket) => socket.end(bytes))
    await using fetcher = aFetcher()
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ status: 200, body: 'hello' })
  })

  it('rejects with the reason of the caller who gives up', async () => {
    await using site = await serve(() => {})
    await using fetcher = aFetcher()
    const abort = new AbortController()
    const waiting = fetcher.get(site.url, { signal: abort.signal })
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(fetcher.get(site.url, { signal: abort.signal })).rejects.toBe(reason)
  })

  it('rejects what is still under way when it is closed', async () => {
    await using site = await serve(() => {})
    const fetcher = aFetcher({ sockets: { perOrigin: 1 } })
    const outcomes = Promise.allSettled([fetcher.get(site.url), fetcher.get(site.url)])
    while (site.requests.length === 0) await sleep(5)
    await fetcher.close()
    const closed = { status: 'rejected', reason: { code: 'FETCHER_CLOSED' } }
    expect(await outcomes).toMatchObject([closed, closed])
    await expect(fetcher.get(site.url)).rejects.toMatchObject({ code: 'FETCHER_CLOSED' })
  })
})

describe('web fetcher against faults of the web', () => {
  it('gives up when the whole request takes longer than its deadline, however it dawdles', async () => {
    await using silent = await serve(() => {})
    await using slowHead = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nX-Slow: '))
    await using drip = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 10)
      response.once('close', () => clearInterval(timer))
    })
    await using fetcher = aFetcher()
    const results = await Promise.all([silent, slowHead, drip].map(({ url }) => fetcher.get(url, { deadlineMs: 150 })))
    expect(results.map(outcomeOf)).toEqual([
      { reason: 'timeout', errorCode: 'DEADLINE' },
      { reason: 'timeout', errorCode: 'DEADLINE' },
      { reason: 'timeout', errorCode: 'DEADLINE' },
    ])
    expect(results[2]).toMatchObject({
      status: 200,
      remoteAddress: '127.0.0.1',
      headers: expect.arrayContaining([['Transfer-Encoding', 'chunked']]) as unknown,
    })
  })

  it('counts the wait for a free connection into the deadline', async () => {
    await using site = await serve((request, response) => {
      if (request.url === '/3') response.end('free again')
    })
    await using fetcher = aFetcher({ sockets: { perOrigin: 1 } })
    const first = fetcher.get(`${site.url}/1`, { deadlineMs: 400 })
    const second = fetcher.get(`${site.url}/2`, { deadlineMs: 100 })
    const ended: string[] = []
    await Promise.all([first.then(() => ended.push('first')), second.then(() => ended.push('second'))])
    expect(ended).toEqual(['second', 'first'])
    expect(outcomeOf(await second)).toEqual({ reason: 'timeout', errorCode: 'DEADLINE' })
    expect(outcomeOf(await first)).toEqual({ reason: 'timeout', errorCode: 'DEADLINE' })
    expect(site.requests).toEqual(['/1'])
    expect(outcomeOf(await fetcher.get(`${site.url}/3`))).toEqual({ status: 200, body: 'free again' })
  })

  it('gives up on a head that does not come and on a body that stops', async () => {
    await using site = await serve((request, response) => {
      if (request.url === '/body') response.write('one')
    })
    await using fetcher = aFetcher({ sockets: { headersTimeoutMs: 100, bodyTimeoutMs: 100 } })
    const results = await Promise.all(['/head', '/body'].map((path) => fetcher.get(site.url + path)))
    expect(results.map(outcomeOf)).toEqual([
      { reason: 'timeout', errorCode: 'UND_ERR_HEADERS_TIMEOUT' },
      { reason: 'timeout', errorCode: 'UND_ERR_BODY_TIMEOUT' },
    ])
  })

  it('stops at the size limit, by the declared length and by what arrives', async () => {
    await using site = await serve((request, response) => {
      if (request.url === '/declared') response.setHeader('Content-Length', 3000).end(Buffer.alloc(3000))
      else if (request.url === '/fits') response.end(Buffer.alloc(1000, 'x'))
      else response.write(Buffer.alloc(3000))
    })
    await using fetcher = aFetcher()
    const outcome = async (path: string) => outcomeOf(await fetcher.get(`${site.url}${path}`, { maxBodyBytes: 1000 }))
    const tooLarge = { reason: 'too_large', errorCode: 'BODY_TOO_LARGE' }
    expect(await outcome('/declared')).toEqual(tooLarge)
    expect(await outcome('/endless')).toEqual(tooLarge)
    expect(await outcome('/fits')).toEqual({ status: 200, body: 'x'.repeat(1000) })
  })

  it.each(['plain', 'gzip'])('keeps the beginning of a larger %s body where it may be cut', async (coding) => {
    const bytes = Buffer.from(Array.from({ length: 4000 }, (_, line) => `line ${line}`).join('\n'))
    await using site = await serve((request, response) => {
      const body = request.url === '/fits' ? bytes.subarray(0, 900) : bytes
      if (coding === 'gzip') response.setHeader('Content-Encoding', 'gzip').end(zlib.gzipSync(body))
      else if (request.url === '/endless') response.write(body)
      else response.setHeader('Content-Length', body.length).end(body)
    })
    await using fetcher = aFetcher()
    const limits = { maxBodyBytes: 1000, cut: true }
    for (const path of ['/large', '/endless'])
      expect(await fetcher.get(`${site.url}${path}`, limits)).toMatchObject({
        kind: 'response',
        status: 200,
        body: bytes.subarray(0, 1000),
        truncated: true,
      })
    expect(await fetcher.get(`${site.url}/fits`, limits)).toMatchObject({
      body: bytes.subarray(0, 900),
      truncated: false,
    })
    expect(await fetcher.get(`${site.url}/large`)).toMatchObject({ body: bytes, truncated: false })
  })

  it('stops a compression bomb', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(20_000_000))
    await using site = await serve((_request, response) => response.setHeader('Content-Encoding', 'gzip').end(bomb))
    await using fetcher = aFetcher()
    expect(outcomeOf(await fetcher.get(site.url, { maxBodyBytes: 5_000_000 }))).toEqual({
      reason: 'too_large',
      errorCode: 'BODY_RATIO',
    })
  })

  it.each([
    ['a body shorter than its length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort', 'truncated'],
    ['a chunked body without end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'truncated'],
    ['a head without end', 'HTTP/1.1 200 OK\r\nX: y', 'reset'],
    ['hints and no answer', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'reset'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', 'bad_response'],
    [
      'length and chunks at once',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'bad_response',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello', 'bad_response'],
    ['a head of a megabyte', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(170_000)}\r\n`, 'too_large'],
  ])('names the fault of %s', async (_name, bytes, reason) => {
    await using site = await serveRaw((socket) => socket.end(bytes))
    await using fetcher = aFetcher()
    expect(await fetcher.get(site.url)).toMatchObject({ kind: 'failure', reason })
  })

  it('ends a connection that is still being made when the caller gives up', async () => {
    await using silent = await serveRaw(() => {})
    await using fetcher = aFetcher()
    const abort = new AbortController()
    const waiting = fetcher.get(silent.url.replace('http:', 'https:'), { signal: abort.signal })
    const outcome = expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await vi.waitFor(() => expect(silent.open).toBe(1))
    abort.abort()
    await outcome
    await vi.waitFor(() => expect(silent.open).toBe(0))
  })

  it('gives up connecting after its own limit, which does not hold for the answer', async () => {
    await using silent = await serveRaw(() => {})
    await using slow = await serve((_request, response) => setTimeout(() => response.end('slow'), 900))
    await using fetcher = aFetcher({ connectTimeoutMs: 600 })
    expect(outcomeOf(await fetcher.get(silent.url.replace('http:', 'https:')))).toEqual({
      reason: 'timeout',
      errorCode: 'CONNECT_TIMEOUT',
    })
    expect(outcomeOf(await fetcher.get(slow.url))).toEqual({ status: 200, body: 'slow' })
  })

  it('goes on with other requests after each fault', async () => {
    await using site = await serve((request, response) => {
      if (request.url === '/bad') request.socket.destroy()
      else response.end('fine')
    })
    await using fetcher = aFetcher({ sockets: { perOrigin: 1 } })
    expect(outcomeOf(await fetcher.get(`${site.url}/bad`))).toMatchObject({ reason: 'reset' })
    expect(outcomeOf(await fetcher.get(`${site.url}/good`))).toEqual({ status: 200, body: 'fine' })
  })

  it('tells a closed port, an unknown name and a silent resolver apart', async () => {
    const site = await serve(() => {})
    await site[Symbol.asyncDispose]()
    const dnsLookup = (name: string) =>
      name === 'empty.example'
        ? Promise.resolve([])
        : Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    await using fetcher = aFetcher({ dnsLookup })
    expect(outcomeOf(await fetcher.get(site.url))).toEqual({ reason: 'refused', errorCode: 'ECONNREFUSED' })
    expect(outcomeOf(await fetcher.get('http://nowhere.example/'))).toEqual({
      reason: 'dns_failed',
      errorCode: 'ENOTFOUND',
    })
    expect(outcomeOf(await fetcher.get('http://empty.example/'))).toEqual({
      reason: 'dns_failed',
      errorCode: 'ENOTFOUND',
    })
  })

  it('treats a header that cannot be sent as the fault of the caller', async () => {
    await using site = await serve((_request, response) => response.end())
    await using fetcher = aFetcher()
    await expect(fetcher.get(site.url, { userAgent: 'a\r\nX: y' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  })
})

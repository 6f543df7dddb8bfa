import { readFileSync } from 'node:fs'
import type net from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseResolveMap } from '../../infra/resolve-map.ts'
import { aFetcher, outcomeOf } from '../support/web-fetcher.ts'

const pem = (name: string) => readFileSync(path.join(import.meta.dirname, 'tls', name), 'utf8')
const ca = pem('authority.pem')

/** Answers `ok NAME`, NAME being what the client asked TLS for. */
async function serveTls(certificate: string) {
  const offered: string[] = []
  const server = tls.createServer(
    {
      key: pem('site.key.pem'),
      cert: pem(certificate),
      ALPNCallback: ({ protocols }) => {
        offered.push(...protocols)
        return 'http/1.1'
      },
    },
    (socket) => {
      socket.on('error', () => {}) // clients that do not trust us hang up
      socket.once('data', () => {
        const body = `ok ${String(socket.servername)}`
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      })
    },
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
  const { port } = server.address() as net.AddressInfo
  const resolve = parseResolveMap(`*.example=127.0.0.2:${port}`)
  return { resolve, offered, [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())) }
}

afterEach(() => vi.unstubAllEnvs())

describe('web fetcher over TLS', () => {
  it('names the site, verifies its certificate and offers HTTP/1.1 alone', async () => {
    await using server = await serveTls('site.pem')
    await using fetcher = aFetcher({ ca, resolve: server.resolve })
    expect(outcomeOf(await fetcher.get('https://www.site.example/'))).toEqual({
      status: 200,
      body: 'ok www.site.example',
    })
    expect(server.offered).toEqual(['http/1.1'])
  })

  it('names a site without the final dot of its name', async () => {
    await using server = await serveTls('site.pem')
    await using fetcher = aFetcher({ ca, resolve: server.resolve })
    expect(outcomeOf(await fetcher.get('https://site.example./'))).toEqual({ status: 200, body: 'ok site.example' })
  })

  it.each([
    ['an unknown authority', 'site.pem', 'https://site.example/', false, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['an expired certificate', 'expired.pem', 'https://site.example/', true, 'CERT_HAS_EXPIRED'],
    ['a certificate for another name', 'site.pem', 'https://other.example/', true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('refuses %s, whatever the environment says', async (_name, certificate, url, trusted, errorCode) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    await using server = await serveTls(certificate)
    await using fetcher = aFetcher({ ca: trusted ? ca : null, resolve: server.resolve })
    expect(outcomeOf(await fetcher.get(url))).toEqual({ reason: 'tls_failed', errorCode })
  })
})

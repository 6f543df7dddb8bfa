import { createHash } from 'node:crypto'
import { request } from 'undici'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SiteServer, serveSite } from '../../examples/site/serve.ts'
import { renderScene } from '../../examples/site/draw/render.ts'
import { writePages } from '../../examples/site/pages.ts'
import { ALL_TEXTS, hostOf } from '../../examples/site/texts/all.ts'
import { SCENES } from '../../examples/site/texts/site-texts.ts'
import { toLatin } from '../../examples/site/texts/sr-latn.ts'
import { inScriptOf } from '../../activities/generate/scripts.ts'

let server: SiteServer
beforeAll(async () => {
  server = await serveSite({ port: 0, log: null, delay: 0 })
}, 60_000)
afterAll(() => server.close())

async function get(host: string, path: string, headers: Record<string, string> = {}) {
  const response = await request(`http://127.0.0.1:${server.port}${path}`, { headers: { host, ...headers } })
  const body = Buffer.from(await response.body.arrayBuffer())
  return {
    status: response.statusCode,
    headers: response.headers,
    body,
    sha256: createHash('sha256').update(body).digest('hex'),
  }
}

describe('example site', () => {
  it('has a site for each of the nine tags and one host of shared pictures', async () => {
    expect(server.sites.map((url) => new URL(url).host)).toEqual(
      ['ar', 'cs', 'hu', 'ko', 'ru', 'sr', 'sr-latn', 'th', 'vi'].map((name) => `${name}.demo.example`),
    )
    expect(server.resolve).toBe(`*.demo.example=127.0.0.1:${server.port}`)
    expect((await get('pictures.demo.example', '/kite.jpg')).status).toBe(200)
  })

  it('writes each caption in the script of its tag, and no caption twice', () => {
    for (const { tag, captions } of ALL_TEXTS) {
      const texts = Object.values(captions)
      expect([tag, texts.length, new Set(texts).size]).toEqual([tag, 36, 36])
      const foreign = texts.flatMap((text) =>
        (text.match(/[\p{L}\p{M}]+/gu) ?? []).filter((word) => !inScriptOf(tag, word)),
      )
      expect([tag, foreign]).toEqual([tag, []])
    }
    expect(toLatin('Љиљана и Џон једу њоке у Ужицу')).toBe('Ljiljana i Džon jedu njoke u Užicu')
  })

  it('gives the same bytes for the same picture, and other bytes for another seed', async () => {
    const draw = (seed: string) => renderScene('castle', { seed, width: 320, height: 240, format: 'jpg' })
    const [one, again, other] = [await draw('a'), await draw('a'), await draw('b')]
    expect(one.equals(again)).toBe(true)
    expect(one.equals(other)).toBe(false)
  })

  it('serves every picture that a page names, but for the ones that are meant to be lost', async () => {
    for (const texts of ALL_TEXTS.slice(0, 2)) {
      for (const [path, { body }] of writePages(texts)) {
        const urls = [...body.matchAll(/(?:src|srcset)="((?:http:\/\/|\/)[^" ]+)/g)].map((match) => match[1] ?? '')
        for (const url of urls.filter((name) => !name.endsWith('lost.jpg'))) {
          const { host, pathname } = new URL(url, `http://${hostOf(texts)}`)
          expect([path, url, (await get(host, pathname)).status < 400]).toEqual([path, url, true])
        }
      }
    }
  })

  it('shows every way in which a picture is kept or dropped', async () => {
    const host = 'hu.demo.example'
    const size = async (path: string) => {
      const { width, height } = await sharp((await get(host, path)).body).metadata()
      return [width, height]
    }
    expect(await size('/img/house-tiny.jpg')).toEqual([120, 90])
    expect(await size('/img/river-wide.jpg')).toEqual([880, 220])
    expect((await get(host, '/img/plain.png')).body.length).toBeLessThan(5000)
    await expect(sharp((await get(host, '/img/broken.jpg')).body).toBuffer()).rejects.toThrow(/jpeg|JPEG|bitstream/i)
    expect((await get(host, '/img/lost.jpg')).status).toBe(404)
    expect((await get(host, '/img/reserved.jpg')).headers['x-robots-tag']).toBe('noai, noimageai')
    expect((await get(host, '/img/old-castle.jpg')).headers['location']).toBe('/img/castle.jpg')
    expect((await get(host, '/old.html')).status).toBe(301)
    expect((await get(host, '/gone.html')).status).toBe(404)
    expect((await get(host, '/robots.txt')).body.toString()).toContain('Disallow: /private/')
    expect((await get(host, '/reserved.html')).body.toString()).toContain('content="noai, noimageai"')
    expect((await get(host, '/sitemap.xml')).body.toString()).toContain('/animals.html')
    expect((await get(host, '/more.html')).body.toString()).not.toContain('href="/animals.html"')
    const more = (await get(host, '/more.html')).body.toString()
    expect(more).toContain('alt="IMG_2041.jpg"')
    expect(more).toContain('alt="A small sailing boat in front of the setting sun"')
    expect(more).toContain('src="/img/ornament.jpg" alt=""')
    expect(more).toContain('<img src="/img/untitled-1.jpg">')
  })

  it('has pictures for every topic, large enough for the default limits', async () => {
    for (const scene of Object.values(SCENES)
      .flat()
      .filter((name) => name !== 'rainbow' && name !== 'kite')) {
      const file = scene === 'grapes' ? 'grapes.png' : scene === 'watermelon' ? 'watermelon.webp' : `${scene}.jpg`
      const { body } = await get('th.demo.example', `/img/${file}`)
      const { width, height } = await sharp(body).metadata()
      expect([scene, Math.min(width, height) >= 200, body.length >= 5000]).toEqual([scene, true, true])
    }
  })

  it('confirms what a client has, with validators that do not change', async () => {
    const first = await get('cs.demo.example', '/')
    const etag = String(first.headers['etag'])
    expect(etag).toBe(`"${first.sha256.slice(0, 16)}"`)
    expect(first.headers['last-modified']).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
    expect(first.headers['date']).toBeUndefined()
    expect((await get('cs.demo.example', '/', { 'if-none-match': etag })).status).toBe(304)
  })

  it('knows no other host', async () => {
    expect((await get('elsewhere.example', '/')).status).toBe(404)
  })
})

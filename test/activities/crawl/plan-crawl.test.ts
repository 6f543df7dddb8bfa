import { describe, expect, test } from 'vitest'
import { urlDigest } from '../../../activities/crawl/canonical-url.ts'
import { planSites, shardOf } from '../../../activities/crawl/plan-crawl.ts'
import type { CrawlSection } from '../../../schema/contracts/spec.ts'
import { aSection } from '../../support/crawl.ts'

const sectionOf = (seeds: Record<string, string[]>, scope: CrawlSection['scope'] = 'host'): CrawlSection => ({
  ...aSection([], { scope }),
  seeds,
})
const aSeed = (url: string, kinds: { page?: boolean; sitemap?: boolean } = {}) => ({
  url,
  sha: Buffer.from(urlDigest(url), 'hex'),
  host: new URL(url).host,
  page: true,
  sitemap: false,
  ...kinds,
})

/** Shards as computed by Python: int.from_bytes(sha256(domain).digest()[:4]) % shards. */
const SHARDS = { 'a.example, 4': 3, 'b.example, 4': 2, 'a.example, 2': 1 }

describe('planSites', () => {
  test('makes one site of each scope, in the order of scopes, with twice as many shards', () => {
    const seeds = { hu: ['https://b.example/x'], cs: ['https://a.example/1', 'https://a.example/2'] }
    expect(planSites(sectionOf(seeds))).toEqual({
      shards: 4,
      sites: [
        {
          scopeKey: 'host:a.example',
          shard: SHARDS['a.example, 4'],
          declared: 'cs',
          seeds: [aSeed('https://a.example/1'), aSeed('https://a.example/2')],
        },
        {
          scopeKey: 'host:b.example',
          shard: SHARDS['b.example, 4'],
          declared: 'hu',
          seeds: [aSeed('https://b.example/x')],
        },
      ],
    })
  })

  test('a sitemap is a seed of the site that it lies on, and a page as well where it is named as one', () => {
    const seeds = { cs: ['sitemap:https://a.example/map.xml', 'https://a.example/', 'sitemap:https://a.example/'] }
    expect(planSites(sectionOf(seeds)).sites).toEqual([
      {
        scopeKey: 'host:a.example',
        shard: SHARDS['a.example, 2'],
        declared: 'cs',
        seeds: [
          aSeed('https://a.example/map.xml', { page: false, sitemap: true }),
          aSeed('https://a.example/', { sitemap: true }),
        ],
      },
    ])
  })

  test('makes a site of each archive, with a shard of its own after those of the hosts', () => {
    const [one, other] = ['1'.repeat(64), '2'.repeat(64)]
    const seeds = {
      cs: [`warc:/x/b.warc#sha256=${other}`, `warc:/x/a.warc#sha256=${one}`],
      sk: [`warc:/y/copy.warc#sha256=${other}`],
    }
    expect(planSites(sectionOf(seeds))).toEqual({
      shards: 1,
      sites: [
        {
          scopeKey: `warc:${one}`,
          shard: 1,
          declared: 'cs',
          seeds: [],
          archive: { sha: Buffer.from(one, 'hex'), file: '/x/a.warc' },
        },
        {
          scopeKey: `warc:${other}`,
          shard: 2,
          declared: 'und',
          seeds: [],
          archive: { sha: Buffer.from(other, 'hex'), file: '/x/b.warc' },
        },
      ],
    })
  })

  test('knows no language of a site whose seeds stand under two', () => {
    const seeds = { cs: ['https://a.example/1'], sk: ['https://a.example/2'] }
    expect(planSites(sectionOf(seeds)).sites.map(({ declared }) => declared)).toEqual(['und'])
  })

  test('counts spellings of one URL as one seed', () => {
    const seeds = { cs: ['https://A.example/%7ea#top', 'https://a.example:443/~a'] }
    expect(planSites(sectionOf(seeds)).sites[0]?.seeds).toEqual([aSeed('https://a.example/~a')])
  })

  test('gives names of one registrable domain one shard, and one site when the scope says so', () => {
    const seeds = { cs: ['https://www.a.example/', 'https://img.a.example/'] }
    const hosts = planSites(sectionOf(seeds))
    expect(hosts.sites.map(({ scopeKey, shard }) => [scopeKey, shard])).toEqual([
      ['host:img.a.example', SHARDS['a.example, 4']],
      ['host:www.a.example', SHARDS['a.example, 4']],
    ])
    expect(planSites(sectionOf(seeds, 'domain'))).toEqual({
      shards: 2,
      sites: [
        {
          scopeKey: 'domain:a.example',
          shard: SHARDS['a.example, 2'],
          declared: 'cs',
          seeds: [aSeed('https://www.a.example/'), aSeed('https://img.a.example/')],
        },
      ],
    })
  })

  test('makes at most 64 shards', () => {
    const seeds = { cs: Array.from({ length: 40 }, (_, no) => `https://a${no}.example/`) }
    expect(planSites(sectionOf(seeds)).shards).toBe(64)
  })

  test('refuses a seed that is not a web address, by its name', () => {
    expect(() => planSites(sectionOf({ cs: ['ftp://a.example/'] }))).toThrow(
      expect.objectContaining({ code: 'BAD_SEED', details: { seed: 'ftp://a.example/' } }),
    )
  })
})

test('every shard that there is can be a domain’s', () => {
  const shards = Array.from({ length: 200 }, (_, no) => shardOf(`a${no}.example`, 8))
  expect([...new Set(shards)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

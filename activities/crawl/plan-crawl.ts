import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { NewSite } from '../../schema/queries/crawls.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { readSeedArchive } from '../../schema/spec/seed-archive.ts'
import { readSeed } from '../../schema/spec/seed-sitemap.ts'
import { sha256 } from '../digest.ts'
import { canonicalUrl, registrableDomain, siteOf } from './canonical-url.ts'

/** Enough for a process to hold each shard's hosts in memory, few enough for a coordinator's window. */
const MAX_SHARDS = 64

/** A host's shard: by registrable domain, so that all names of a site have one owner. */
export function shardOf(domain: string, shards: number): number {
  return sha256(domain).readUInt32BE(0) % shards
}

/**
 * Turns a crawl section into sites: seeds of one scope are one site, seeds that share a host are merged. A site declares
 * the language that all its seeds stand under, `und` when they differ. An archive is a site with a shard of its own, after
 * those of the hosts. Throws BAD_SEED.
 */
export function planSites(section: CrawlSection): { shards: number; sites: NewSite[] } {
  const sites = new Map<
    string,
    { declared: Set<string>; seeds: Map<string, NewSite['seeds'][number]>; domain: string }
  >()
  for (const [declared, urls] of Object.entries(section.seeds)) {
    for (const raw of urls) {
      if (readSeedArchive(raw)) continue
      const { url: written, sitemap } = readSeed(raw)
      const canonical = canonicalUrl(written)
      if (!canonical.ok) throw new PermanentError('BAD_SEED', `seed ${raw} is not an http or https URL`, { seed: raw })
      const { url } = canonical
      const key = siteOf(url, section.scope)
      const { host, hostname } = new URL(url)
      const site = sites.get(key) ?? {
        declared: new Set<string>(),
        seeds: new Map(),
        domain: registrableDomain(hostname),
      }
      site.declared.add(declared)
      const known = site.seeds.get(url)
      site.seeds.set(url, {
        url,
        sha: sha256(url),
        host,
        page: !sitemap || known?.page === true,
        sitemap: sitemap || known?.sitemap === true,
      })
      sites.set(key, site)
    }
  }
  // Twice as many as sites: fewer sites share a shard by chance.
  const shards = Math.max(1, Math.min(MAX_SHARDS, sites.size * 2))
  const planned = [...sites.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const hosts = planned.map(([scopeKey, site]) => ({
    scopeKey,
    shard: shardOf(site.domain, shards),
    declared: oneOf(site.declared),
    seeds: [...site.seeds.values()],
  }))
  return { shards, sites: [...hosts, ...planArchives(section, shards)] }
}

function planArchives(section: CrawlSection, firstShard: number): NewSite[] {
  const archives = new Map<string, { file: string; declared: Set<string> }>()
  for (const [declared, seeds] of Object.entries(section.seeds)) {
    for (const seed of seeds) {
      const archive = readSeedArchive(seed)
      if (!archive) continue
      if (archive.sha256 === null) throw new PermanentError('BAD_SEED', `seed ${seed} has no digest`, { seed })
      const known = archives.get(archive.sha256) ?? { file: archive.file, declared: new Set() }
      known.declared.add(declared)
      archives.set(archive.sha256, known)
    }
  }
  const sorted = [...archives.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([sha256, { file, declared }], index) => ({
    scopeKey: `warc:${sha256}`,
    shard: firstShard + index,
    declared: oneOf(declared),
    seeds: [],
    archive: { sha: Buffer.from(sha256, 'hex'), file },
  }))
}

function oneOf(declared: ReadonlySet<string>): string {
  return declared.size === 1 ? ([...declared][0] as string) : 'und'
}

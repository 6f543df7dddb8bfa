import canonicalize from 'canonicalize'
import type { CrawlSection, ReleaseSpec } from '../contracts/spec.ts'
import { identitySection } from './seed-archive.ts'

/**
 * The spec's part of a release's identity: canonical JSON (RFC 8785) of the resolved spec without the settings that may
 * stand in it (`base_url`, folders of archives). Two files that differ in comments, order of keys, spelled-out defaults or longer language
 * tags have the same.
 */
export function specIdentity(spec: ReleaseSpec): string {
  const crawl = spec.crawl === null ? null : identitySection(spec.crawl)
  return canonical(withoutSettings({ ...spec, crawl }))
}

/** The same of a crawl section alone. */
export function crawlIdentity(crawl: CrawlSection): string {
  return canonical(identitySection(crawl))
}

function canonical(value: unknown): string {
  return canonicalize(value) ?? ''
}

function withoutSettings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSettings)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'base_url')
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutSettings(item)]))
}

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import { createCrawlActivities } from '../../activities/crawl/crawl.activity.ts'
import type { CrawlRecord } from '../../schema/queries/crawls.ts'
import { writeSeedArchive } from '../../schema/spec/seed-archive.ts'
import { crawlDeps } from '../../workers/roles/crawl-deps.ts'
import type { Runtime } from '../../workers/runtime.ts'
import { inActivity } from './activity.ts'

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** Writes an archive of these records, one after the other; returns the seed that names it. */
export async function writeArchive(folder: string, name: string, parts: readonly Buffer[]): Promise<string> {
  const bytes = Buffer.concat(parts)
  const file = path.join(folder, name)
  await writeFile(file, bytes)
  return writeSeedArchive(file, digestOf(bytes))
}

/** Where each of these records begins when they stand one after the other. */
export function offsetsOf(parts: readonly Buffer[]): number[] {
  return parts.map((_, index) => parts.slice(0, index).reduce((sum, part) => sum + part.length, 0))
}

/** The activities of a worker whose network tells on whoever uses it: no crawl of archives has any business there. */
export function withoutNetwork(runtime: Runtime, requests: string[]) {
  return createCrawlActivities({
    ...crawlDeps(runtime),
    fetchOnce: ({ url }) => {
      requests.push(url)
      return Promise.reject(new Error('the network was asked'))
    },
    addressOf: (url) => {
      requests.push(url)
      return Promise.resolve(null)
    },
  })
}

/** Reads a crawl's archives to their end. */
export async function importAll(runtime: Runtime, crawl: CrawlRecord): Promise<void> {
  const requests: string[] = []
  const { planCrawlRound, crawlShard } = withoutNetwork(runtime, requests)
  for (;;) {
    const round = await inActivity(() => planCrawlRound({ crawlId: crawl.id }))
    if (round.kind !== 'work') {
      expect([round.kind, requests]).toEqual(['finished', []])
      return
    }
    for (const shard of round.shards) await inActivity(() => crawlShard({ crawlId: crawl.id, shard }))
  }
}

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import type { Kysely } from 'kysely'
import { createAbuseMatcher, hashPictureBytes } from '../activities/known-abuse/abuse-matcher.ts'
import { type HashList, parseHashList } from '../activities/known-abuse/hash-list.ts'
import { gatherTools, queuesFor } from '../activities/steps/tool-versions.ts'
import type { ToolVersions } from '../activities/steps/step.ts'
import type { Settings } from '../infra/config.ts'
import { commitOf } from '../infra/commit.ts'
import { datasetKey, keyFingerprint } from '../infra/dataset-key.ts'
import { adapterVersions } from '../infra/adapter-versions.ts'
import { createImages } from '../infra/images.ts'
import type { ObjectStore } from '../infra/objects.ts'
import { openStore } from '../infra/open-store.ts'
import { openDatabase } from '../infra/postgres.ts'
import type { RunningServices } from '../infra/services/services.ts'
import type { Queues } from '../schema/contracts/release-work.ts'
import type { Database } from '../schema/tables/database.ts'
import { createPagePool, type PagePool } from './page-pool.ts'
import { createPicturePool, type PicturePool } from './picture-pool.ts'

/** What every role of a worker process stands on. Whoever opens it closes it. */
export interface Runtime extends AsyncDisposable {
  settings: Settings
  db: Kysely<Database>
  store: ObjectStore
  /** Names this process in leases and in what it holds. */
  worker: string
  tools: ToolVersions
  queues: Queues
  commitId: string | null
  platform: string
  keyOf: (dataset: string) => Buffer
  fingerprintOf: (dataset: string) => string
  /** Digest of the known-abuse list that has the picture, null when none has. */
  matchAbuse: (bytes: Buffer) => Promise<string | null>
  /** Threads that decode and classify; opened on first use. */
  pictures: () => Promise<PicturePool>
  /** Threads that parse pages; the first one starts with the first page unless told before. */
  pages: PagePool
  threads: number
}

/** What a runtime holds that needs no service. */
export interface PreparedRuntime {
  lists: HashList[]
  tools: ToolVersions
  pages: PagePool
}

/** Loads the decoder, reads the abuse lists, and asks every tool what it is. */
export async function prepareRuntime(settings: Settings, threads: number): Promise<PreparedRuntime> {
  await createImages()
  const lists = settings.abuseLists.map((file) => parseHashList(readFileSync(file, 'utf8'), path.basename(file)))
  return { lists, tools: gatherTools(await adapterVersions(), lists), pages: createPagePool({ threads }) }
}

export async function openRuntime(
  settings: Settings,
  services: RunningServices,
  threads: number,
  prepared?: PreparedRuntime,
): Promise<Runtime> {
  const { lists, tools, pages } = prepared ?? (await prepareRuntime(settings, threads))
  const matcher = createAbuseMatcher(lists)
  const db = openDatabase(services.databaseUrl, 'writer')
  let pool: Promise<PicturePool> | null = null
  const pictures = () => (pool ??= createPicturePool({ threads }))
  const matchAbuse = async (bytes: Buffer) => {
    if (lists.length === 0) return null
    const pdq = matcher.needsPdq ? await (await pictures()).pdqReference(bytes).catch(() => null) : null
    const match = matcher.match({ ...hashPictureBytes(bytes), ...(pdq ? { pdq } : {}) })
    return match.hit ? match.list : null
  }
  return {
    settings,
    db,
    store: openStore(settings),
    worker: `${hostname()}/${process.pid}`,
    tools,
    queues: queuesFor(tools),
    commitId: commitOf(settings.checkout),
    platform: `${process.platform}-${process.arch}`,
    keyOf: (dataset) => datasetKey(settings, dataset),
    fingerprintOf: (dataset) => keyFingerprint(datasetKey(settings, dataset)),
    matchAbuse,
    pictures,
    pages,
    threads,
    async [Symbol.asyncDispose]() {
      await pages[Symbol.asyncDispose]()
      if (pool) await (await pool).close()
      await db.destroy()
    },
  }
}

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import { readRecords } from '../../infra/services/registry.ts'
import { CHECKOUT, databaseOf, runMella } from '../../test/support/chaos/play.ts'
import type { NormaliseFact } from '../../schema/contracts/facts.ts'
import type { MadePicture } from './make-pictures.ts'
import { isGood, type PictureRun, type Scheme, siteFigures, spentBy, watch } from './picture-run.ts'
import type { FolderServer } from './serve-folder.ts'

const MAX_SIDE = 256

/** A crawl of the gallery and a release of it in a home of its own; the services run already, as those of a data team do. */
export async function runMellaPictures(
  server: FolderServer,
  scheme: Scheme,
  pictures: readonly MadePicture[],
  folder: string,
  perHost: number,
): Promise<PictureRun> {
  const spec = path.join(folder, 'spec.yaml')
  const home = path.join(folder, 'home')
  writeFileSync(spec, specOf(`${server[scheme]}/gallery/index.html`, perHost))
  const env = {
    ...process.env,
    MELLA_HOME: home,
    MELLA_NETWORK_ALLOW: '127.0.0.0/8',
    NODE_EXTRA_CA_CERTS: server.ca,
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
  }
  const up = await runMella(['up'], { env })
  if (up.code !== 0) throw new Error(up.stderr)
  try {
    await server.takeLog()
    const serverBefore = server.cpuSeconds()
    const command = [path.join(CHECKOUT, 'cli/main.ts'), 'release', 'launch', spec, '--wait']
    const watched = await watch(process.execPath, command, folder, env)
    const times = await phaseTimes(home)
    const seconds = (times.pictures.end - watched.startedAt) / 1000
    const ofPictures = (times.pictures.end - times.pictures.start) / 1000
    return {
      tool: 'mella',
      asked: pictures.length,
      ...(await outcome(home, pictures)),
      seconds,
      per_second: Math.round((10 * pictures.length) / seconds) / 10,
      ...siteFigures(await server.takeLog()),
      normalise_seconds: ofPictures,
      normalise_per_second: Math.round((10 * pictures.length) / ofPictures) / 10,
      ...spentBy(watched.samples, times.pictures.end),
      server_cpu_seconds: server.cpuSeconds() - serverBefore,
      release_seconds: (watched.endedAt - watched.startedAt) / 1000,
    }
  } finally {
    await runMella(['down'], { env })
  }
}

function specOf(seed: string, perHost: number): string {
  return `dataset: bench
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: Bench, creators: [bench], contact: bench@example.org, licence: other }
crawl:
  seeds: { cs: ["${seed}"] }
  scope: host
  limits: { depth: 1 }
  politeness: { delay_ms: 0, per_host: ${perHost}, per_address: ${perHost}, user_agent: "mella-bench/1.0 (+mailto:bench@example.org)" }
image: { format: jpeg, quality: 95, max_side: ${MAX_SIDE}, min_side: 1, min_bytes: 1 }
filters: { nsfw: null }
`
}

/** When the release's phases ran, by Temporal's record of their workflows; epoch milliseconds. */
async function phaseTimes(home: string): Promise<{ pictures: { start: number; end: number } }> {
  const port = readRecords(home).temporal?.port
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` })
  try {
    for await (const found of new Client({ connection }).workflow.list({ query: 'WorkflowType = "phaseWorkflow"' }))
      if (found.workflowId.endsWith('/pictures') && found.closeTime)
        return { pictures: { start: found.startTime.getTime(), end: found.closeTime.getTime() } }
    throw new Error('the release had no phase of pictures')
  } finally {
    await connection.close()
  }
}

/** What its rows say, held against what was made. */
async function outcome(
  home: string,
  pictures: readonly MadePicture[],
): Promise<Pick<PictureRun, 'kept' | 'wrong' | 'lineage_rows'>> {
  const made = new Map(pictures.flatMap((one) => (one.sha256 === null ? [] : [[one.sha256, one]])))
  const client = new pg.Client({ connectionString: databaseOf(home) as string })
  await client.connect()
  try {
    const facts = await client.query<{ sha256: string; value: NormaliseFact }>(
      `SELECT encode(f.input, 'hex') AS sha256, f.value FROM fact f JOIN definition d USING (def_id) WHERE d.step = 'normalise'`,
    )
    const good = facts.rows.flatMap(({ sha256, value }) => (value.ok ? [{ picture: made.get(sha256), value }] : []))
    const isRight = ({ picture, value }: (typeof good)[number]) => {
      const { width, height } = value.released
      const sides = picture && (value.width - value.height) * (picture.width - picture.height) >= 0
      return sides === true && picture !== undefined && isGood(picture) && Math.max(width, height) === MAX_SIDE
    }
    const captures = await client.query<{ count: string }>('SELECT count(*) FROM capture')
    return {
      kept: good.length,
      wrong: good.filter((one) => !isRight(one)).length,
      lineage_rows: Number(captures.rows[0]?.count) + facts.rows.length,
    }
  } finally {
    await client.end()
  }
}

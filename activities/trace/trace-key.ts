import type { Kysely } from 'kysely'
import { artifactsBetween, membersForLineage } from '../../schema/queries/release-files.ts'
import type { Database } from '../../schema/tables/database.ts'
import { type SampleTrace, type TracedRelease, traceSamples } from './trace-samples.ts'

/** An object of the store that a trace names. */
export interface TracedObject {
  sha256: string
  what: string
}

/** A sample's trace with the place of its row. Every hex digest in it but `key`, `leaf` and `pdq` names an object. */
export interface KeyTrace extends SampleTrace {
  /** The stored rows that hold the sample's; null when it was dropped. */
  row: { artifact: string; leaf: string } | null
  /** Every object that is named above, in the order of digests. */
  objects: TracedObject[]
}

/**
 * The lineage of one sample of a run, and where its row is stored. Reads append-only rows alone: the same bytes however
 * often. Null when the run has no such sample.
 */
export async function traceKey(db: Kysely<Database>, release: TracedRelease, key: Buffer): Promise<KeyTrace | null> {
  const subjects = await membersForLineage(db, release.run, [key])
  const [trace] = await traceSamples(db, release, subjects)
  if (!trace) return null
  const { leaf } = trace.release
  const [artifact] = leaf === null ? [] : await artifactsBetween(db, release.run, key, key)
  const row = artifact && leaf !== null ? { artifact: artifact.sha.toString('hex'), leaf } : null
  return { ...trace, row, objects: objectsOf(trace, row) }
}

function objectsOf(trace: SampleTrace, row: KeyTrace['row']): TracedObject[] {
  const named: TracedObject[] = [{ sha256: trace.release.spec, what: 'resolved spec' }]
  for (const page of trace.pages) if (page.warc) named.push({ sha256: page.warc.segment, what: 'archive segment' })
  for (const one of trace.pictures) {
    if (one.warc) named.push({ sha256: one.warc.segment, what: 'archive segment' })
    if (one.picture !== null) named.push({ sha256: one.picture, what: 'picture as fetched' })
  }
  for (const { step, value } of trace.facts) {
    const released = step === 'normalise' ? (value as { released?: { sha256: string } }).released : undefined
    if (released) named.push({ sha256: released.sha256, what: 'picture as released' })
  }
  for (const { task, calls } of trace.generations)
    for (const { request, response } of calls) {
      named.push({ sha256: request, what: `${task} request` })
      if (response !== null) named.push({ sha256: response, what: `${task} response` })
    }
  for (const { rules } of trace.verdicts)
    for (const { of: leader } of rules as { of?: string }[])
      if (leader !== undefined) named.push({ sha256: leader, what: 'picture as fetched' })
  for (const [step, { sha256 }] of Object.entries(trace.definitions))
    named.push({ sha256, what: `definition of ${step}` })
  if (row) named.push({ sha256: row.artifact, what: 'rows' })
  return distinct(named)
}

function distinct(named: readonly TracedObject[]): TracedObject[] {
  const byDigest = new Map(named.map((one) => [one.sha256, one]))
  return [...byDigest.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
}

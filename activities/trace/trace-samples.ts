import type { Kysely } from 'kysely'
import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import { GENERATION_TASKS } from '../../schema/contracts/generation.ts'
import type { ReleasePlanRecord } from '../../schema/contracts/release-plan.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { generatedTexts } from '../../schema/queries/generations.ts'
import type { TraceSubject } from '../../schema/queries/release-files.ts'
import {
  type CaptureLineage,
  capturesById,
  memberCaptures,
  responsesOf,
  verdictsOf,
} from '../../schema/queries/lineage.ts'
import { isClassified } from '../../schema/spec/language-plan.ts'
import { readSeedArchive } from '../../schema/spec/seed-archive.ts'
import type { Database } from '../../schema/tables/database.ts'

export interface TracedCapture {
  crawl: string
  url: string
  status: number
  fetched_at: string
  media_type: string | null
  content_language: string | null
  /** Digest of the body in the archive's own form (base32), as the record's headers carry it. */
  payload_digest: string | null
  /** Where the record lies: segment (an object of the store), offset and length in bytes. */
  warc: { segment: string; offset: number; length: number } | null
  /** The record of an archive that it was taken from instead of the web: name and digest of the file, place in it. */
  source?: { file: string; digest: string; offset: number; length: number }
  signals: unknown
}

export interface TracedGeneration {
  task: string
  definition: string
  /** Each request and response by content: objects of the store. */
  calls: { request: string; response: string | null }[]
  reason: string | null
  text: string
  detail: unknown
}

export interface SampleTrace {
  key: string
  lang: string
  release: { id: string; spec: string; split: string | null; leaf: string | null }
  crawls: string[]
  pages: (TracedCapture & {
    candidates: { position: number; image_url: string; texts: unknown; kept_text: number | null }[]
  })[]
  pictures: (TracedCapture & { picture: string | null })[]
  facts: { step: string; definition: string; value: unknown }[]
  verdicts: { stage: string; reason: string | null; rules: unknown }[]
  generations: TracedGeneration[]
  definitions: Record<string, { sha256: string; rev: number }>
}

/** A run of a release. */
export interface TracedRelease {
  id: string
  run: string
  plan: ReleasePlanRecord
  spec: ReleaseSpec
}

/**
 * The lineage of samples, web to release, from the append-only rows of one run: the same bytes however often, and
 * whatever was launched since.
 */
export async function traceSamples(
  db: Kysely<Database>,
  release: TracedRelease,
  subjects: readonly TraceSubject[],
): Promise<SampleTrace[]> {
  const numbers = subjects.map((one) => one.sample_no)
  const definition = (step: string) => release.plan.definitions[step] ?? { def_id: 0, sha: '', rev: 0 }
  const members = await memberCaptures(db, release.run, numbers)
  const captures = await capturesById(db, [
    ...new Set(
      members.flatMap((one) =>
        one.image_capture === null ? [one.page_capture] : [one.page_capture, one.image_capture],
      ),
    ),
  ])
  const verdicts = await verdictsOf(db, release.run, numbers)
  const generated = await generatedTexts(db, release.run, numbers)
  const responses = await responsesOf(
    db,
    generated.flatMap((one) => one.requests),
  )
  const normalised = await selectFacts<NormaliseFact>(
    db,
    'fact',
    definition('normalise').def_id,
    subjects.map((one) => one.picture),
  )
  const released = [...normalised.values()].flatMap((fact) =>
    fact.ok ? [Buffer.from(fact.released.sha256, 'hex')] : [],
  )
  const safety = await selectFacts<SafetyFact>(db, 'fact', definition('safety').def_id, released)

  return subjects.map((subject) => {
    const own = members.filter((one) => one.sample_no === subject.sample_no)
    const normalise = normalised.get(subject.picture.toString('hex'))
    const scores =
      normalise?.ok && isClassified(release.spec, subject.tag) ? safety.get(normalise.released.sha256) : undefined
    const facts: SampleTrace['facts'] = []
    if (normalise) facts.push({ step: 'normalise', definition: definition('normalise').sha, value: normalise })
    if (scores) facts.push({ step: 'safety', definition: definition('safety').sha, value: scores })
    return {
      key: subject.key.toString('hex'),
      lang: subject.tag,
      release: {
        id: release.id,
        spec: release.plan.spec,
        split: subject.split,
        leaf: subject.leaf?.toString('hex') ?? null,
      },
      crawls: release.plan.crawls.map(({ id }) => id),
      pages: unique(own.map((one) => one.page_capture)).map((id) => ({
        ...traced(captures.get(id)),
        candidates: own
          .filter((one) => one.page_capture === id)
          .map(({ position, image_url, texts, kept_text }) => ({ position, image_url, texts, kept_text })),
      })),
      pictures: unique(own.flatMap((one) => (one.image_capture === null ? [] : [one.image_capture]))).map((id) => ({
        ...traced(captures.get(id)),
        picture: captures.get(id)?.body_sha?.toString('hex') ?? null,
      })),
      facts,
      verdicts: verdicts
        .filter((one) => one.sample_no === subject.sample_no)
        .map(({ stage, reason, rules }) => ({ stage, reason, rules: withoutListDigests(rules) })),
      generations: GENERATION_TASKS.flatMap((task) =>
        generated.filter((one) => one.sample_no === subject.sample_no && one.task === task),
      ).map((one) => ({
        task: one.task,
        definition: definition(one.task).sha,
        calls: one.requests.map((request) => ({
          request: request.toString('hex'),
          response: responses.get(request.toString('hex')) ?? null,
        })),
        reason: one.reason,
        text: one.text,
        detail: one.detail,
      })),
      definitions: Object.fromEntries(
        Object.entries(release.plan.definitions).map(([step, { sha, rev }]) => [step, { sha256: sha, rev }]),
      ),
    }
  })
}

function traced(capture: CaptureLineage | undefined): TracedCapture {
  const place = capture?.warc_sha ?? null
  return {
    crawl: capture?.crawl ?? '',
    url: capture?.url ?? '',
    status: capture?.status ?? 0,
    fetched_at: capture?.fetched_at.toISOString() ?? '',
    media_type: capture?.media_type ?? null,
    content_language: capture?.content_language ?? null,
    payload_digest: capture?.body_sha ? `sha256:${base32(capture.body_sha)}` : null,
    warc:
      place && capture
        ? { segment: place.toString('hex'), offset: capture.warc_offset ?? 0, length: capture.warc_length ?? 0 }
        : null,
    ...(capture?.source_sha ? { source: sourceOf(capture, capture.source_sha) } : {}),
    signals: capture?.signals ?? [],
  }
}

/** The file is no object of the store: its digest is written as archive digests are. */
function sourceOf(capture: CaptureLineage, sha: Buffer): NonNullable<TracedCapture['source']> {
  return {
    file: readSeedArchive(capture.source_file ?? '')?.name ?? '',
    digest: `sha256:${base32(sha)}`,
    offset: capture.source_offset ?? 0,
    length: capture.source_length ?? 0,
  }
}

/** The digest of an abuse list names nothing in the store: it is written as archive digests are. */
function withoutListDigests(rules: unknown): unknown {
  if (!Array.isArray(rules)) return rules
  return rules.map((rule: { rule?: string; value?: unknown }) =>
    rule.rule === 'known_abuse' && typeof rule.value === 'string' && /^[0-9a-f]{64}$/.test(rule.value)
      ? { ...rule, value: `sha256:${base32(Buffer.from(rule.value, 'hex'))}` }
      : rule,
  )
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)]
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 base32 with padding: the form of WARC digests. */
function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  let text = ''
  for (let at = 0; at < bits.length; at += 5)
    text += ALPHABET[Number.parseInt(bits.slice(at, at + 5).padEnd(5, '0'), 2)]
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=')
}

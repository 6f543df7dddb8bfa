import { z } from 'zod'
import type { ReleaseManifest } from '../../schema/contracts/release-manifest.ts'
import { stableJson } from '../package/stable-text.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)

const schema = z.strictObject({
  format: z.literal('mella-release/1'),
  dataset: z.string(),
  version: z.string(),
  date: z.string(),
  base: z.string().nullable(),
  claims: z.strictObject({ verify: z.array(z.literal('v0')) }),
  tree: z.strictObject({ alg: z.literal('rfc6962-sha256'), size: count, root: sha256 }),
  spec: z.strictObject({ sha256 }),
  dataset_key: z.string(),
  inputs: z.array(
    z.strictObject({
      kind: z.enum(['crawl', 'base', 'abuse_list', 'decontamination_list', 'takedown_list', 'generations']),
      name: z.string(),
      sha256,
    }),
  ),
  steps: z.array(
    z.strictObject({
      step: z.string(),
      kind: z.enum(['fact', 'survey', 'judgement', 'generation', 'packaging']),
      rev: z.int(),
      sha256,
      summary: z.string(),
      definition: z.record(z.string(), z.unknown()),
    }),
  ),
  tools: z.array(
    z.strictObject({
      kind: z.enum(['code', 'runtime', 'encoder', 'detector', 'model', 'prompt', 'service']),
      name: z.string(),
      version: z.string(),
      sha256: sha256.nullable(),
    }),
  ),
  counts: z.record(
    z.string(),
    z.strictObject({ rows: count, know: count, ling: count, thick: count, splits: z.record(z.string(), count) }),
  ),
  scores: z.array(z.string()),
  removals: count,
  files: z.array(z.strictObject({ path: z.string(), sha256, bytes: count, rows: count.nullable() })),
  signer: z.strictObject({ name: z.string(), vkey: z.string() }),
})

/** The manifest in its one form; throws what is wrong with it otherwise. */
export function parseManifest(text: string): ReleaseManifest {
  const parsed = schema.safeParse(JSON.parse(text))
  if (!parsed.success) throw new Error(`manifest.json is not a manifest: ${z.prettifyError(parsed.error)}`)
  if (stableJson(parsed.data) !== text)
    throw new Error('manifest.json is not written in its one form (sorted names, two spaces)')
  return parsed.data satisfies ReleaseManifest
}

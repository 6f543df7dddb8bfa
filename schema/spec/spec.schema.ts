import { z } from 'zod'
import { TEXT_TYPES } from '../contracts/candidate.ts'
import { HONOUR, PROVIDERS } from '../contracts/spec.ts'

/**
 * The shape of a spec file, as the user writes it: every key that may be left out is optional here, and gets its value
 * from spec-defaults.ts. Keys that are not here are errors.
 */

const whole = (min: number, max: number) => z.int().min(min).max(max)
const between = (min: number, max: number) => z.number().min(min).max(max)
const text = (max: number) => z.string().max(max)
const matching = (pattern: RegExp, what: string) => z.string().regex(pattern, { error: what })
const httpUrl = z.string().refine(isHttpUrl, { error: 'must be an http or https URL' })

const nsfw = z.strictObject({
  porn: between(0, 1).optional(),
  hentai: between(0, 1).optional(),
  sexy: between(0, 1).optional(),
})

const filters = z.strictObject({
  nsfw: nsfw.nullable().optional(),
  /** 31 is the distance up to which pairs are looked for. */
  near_image: z.strictObject({ pdq: whole(0, 31).optional(), scope: z.enum(['language']).optional() }).optional(),
  language: z
    .strictObject({
      prior: z.enum(['page', 'declared', 'text']).optional(),
      contrast: z.array(z.string()).max(20).optional(),
    })
    .optional(),
  boilerplate: z.strictObject({ count: whole(2, 1_000_000).optional(), share: between(0, 1).optional() }).optional(),
  drop_types: z.array(z.enum(TEXT_TYPES)).optional(),
  text: z.strictObject({ min_chars: whole(0, 100_000).optional(), max_chars: whole(1, 100_000).optional() }).optional(),
  max_same_text: whole(1, 1_000_000_000).optional(),
})

const modelCall = z.strictObject({
  provider: z.enum([...PROVIDERS, 'none']).optional(),
  base_url: z.union([z.literal(''), httpUrl]).optional(),
  model: text(200).optional(),
  revision: text(200).optional(),
  prompt: z
    .union([
      z.literal(''),
      matching(/^[a-z0-9-]+\/[a-z0-9-]+@[0-9]+$/, 'must be a prompt id such as caption/six-points@1'),
    ])
    .optional(),
  params: z
    .strictObject({
      temperature: between(0, 2).optional(),
      seed: whole(0, 2_147_483_647).optional(),
      max_tokens: whole(1, 100_000).optional(),
    })
    .optional(),
  pair: matching(/^[a-zA-Z_-]{2,20}\|[a-zA-Z_-]{2,20}$/, 'must be a pair such as eng|spa')
    .nullable()
    .optional(),
  pivot: z.string().optional(),
})

const limits = z.strictObject({
  pages_per_host: whole(1, 100_000_000).optional(),
  depth: whole(0, 1_000_000).optional(),
  max_body_mib: between(0.001, 1024).optional(),
  seconds_per_page: between(0.1, 3600).optional(),
  give_up_hours: between(0, 8760).optional(),
})

const politeness = z.strictObject({
  delay_ms: whole(0, 3_600_000).optional(),
  per_host: whole(1, 100).optional(),
  per_address: whole(1, 1000).optional(),
  user_agent: matching(/^[\x20-\x7e]{1,500}$/, 'must be printable ASCII').optional(),
  honour: z.array(z.enum(HONOUR)).optional(),
})

const seedFile = z.strictObject({ urls: z.string().min(1) })

const crawl = z.strictObject({
  seeds: z.record(z.string(), z.union([z.array(z.string()).min(1), seedFile])),
  scope: z.enum(['page', 'host', 'domain']).optional(),
  limits: limits.optional(),
  politeness: politeness.optional(),
})

const card = z.strictObject({
  title: text(500).optional(),
  creators: z.array(text(500)).optional(),
  contact: text(500).optional(),
  licence: text(200).optional(),
  citation: text(20_000).nullable().optional(),
  description: text(20_000).nullable().optional(),
})

const image = z.strictObject({
  format: z.enum(['jpeg', 'webp', 'png']).optional(),
  quality: whole(1, 100).optional(),
  background: matching(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as "#ffffff"').optional(),
  max_side: whole(16, 16_384).optional(),
  min_side: whole(0, 16_384).optional(),
  max_ratio: between(1, 100_000).optional(),
  min_bytes: whole(0, 1_000_000_000).optional(),
})

const override = z.strictObject({
  filters: filters.optional(),
  caption: modelCall.nullable().optional(),
  translate: modelCall.nullable().optional(),
  thick: modelCall.nullable().optional(),
})

const select = z.strictObject({
  target: z.record(z.string(), whole(0, 1_000_000_000)).optional(),
  max_per_host: z.number().gt(0).max(1).optional(),
  splits: z
    .record(matching(/^[a-z][a-z0-9_]{0,31}$/, 'must be a split name such as train'), z.number().gt(0).max(1))
    .optional(),
})

const packaging = z.strictObject({
  formats: z
    .array(z.enum(['parquet', 'webdataset', 'sft']))
    .min(1)
    .optional(),
  images: z.enum(['bytes', 'links']).optional(),
  shard_mib: whole(1, 4000).optional(),
})

export const specSchema = z.strictObject({
  dataset: matching(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be a short name of a-z, 0-9, dot, dash and underscore'),
  version: matching(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, 'must be a version such as 1.0.0'),
  date: z.string().refine(isDate, { error: 'must be a date such as 2026-01-31' }),
  base: matching(/^[a-z0-9][a-z0-9._-]{0,62}@[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, 'must be a release such as demo@0.9.0')
    .nullable()
    .optional(),
  languages: z.array(z.string()).min(1),
  card: card.optional(),
  crawls: z.array(z.string().min(1).max(200)).optional(),
  crawl: crawl.nullable().optional(),
  image: image.optional(),
  filters: filters.optional(),
  caption: modelCall.nullable().optional(),
  translate: modelCall.nullable().optional(),
  thick: modelCall.nullable().optional(),
  overrides: z.record(z.string(), override).optional(),
  select: select.optional(),
  package: packaging.optional(),
})

/** A spec as written, of the right shape, before defaults and rules. */
export type WrittenSpec = z.infer<typeof specSchema>
export type WrittenModelCall = z.infer<typeof modelCall>

function isHttpUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : null
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
}

function isDate(value: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return false
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}

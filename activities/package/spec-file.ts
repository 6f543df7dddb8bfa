import { createHash } from 'node:crypto'
import type { ModelCall, ReleaseSpec } from '../../schema/contracts/spec.ts'
import { identitySection } from '../../schema/spec/seed-archive.ts'
import { canonicalJson } from '../digest.ts'
import { stableYaml } from './stable-text.ts'

const ORDER = [
  'dataset version date base languages card crawls crawl image filters caption translate thick overrides select package',
  'title creators contact licence citation description',
  'seeds scope limits politeness provider model revision prompt params pivot pair',
].flatMap((names) => names.split(' '))

/** The spec without what may not change an output byte: addresses of model services and folders of archives, which are settings. */
export function identitySpec(spec: ReleaseSpec): Record<string, unknown> {
  const overrides = Object.entries(spec.overrides).map(([lang, override]) => [lang, withoutAddresses(override)])
  const crawl = spec.crawl === null ? null : identitySection(spec.crawl)
  return { ...withoutAddresses({ ...spec, crawl }), overrides: Object.fromEntries(overrides) as unknown }
}

function withoutAddresses(part: object): Record<string, unknown> {
  const calls = ['caption', 'translate', 'thick']
  const entries = Object.entries(part).map(([name, value]: [string, unknown]) =>
    calls.includes(name) && value !== null && value !== undefined
      ? [name, withoutAddress(value as Partial<ModelCall>)]
      : [name, value],
  )
  return Object.fromEntries(entries) as Record<string, unknown>
}

function withoutAddress(call: Partial<ModelCall>): Partial<ModelCall> {
  const { base_url: _setting, ...rest } = call
  return rest
}

/** SHA-256 of the canonical JSON of the spec without settings: the spec's part in the release's identity, lowercase hex. */
export function specDigest(spec: ReleaseSpec): string {
  return contentDigest(identitySpec(spec))
}

/** The same digest from the content of `spec.yaml`. */
export function contentDigest(content: unknown): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

/** `spec.yaml`: the resolved spec in one form, so that the same spec gives the same bytes however it was written. */
export function specYaml(spec: ReleaseSpec): string {
  return stableYaml(identitySpec(spec), ORDER)
}

import { expect, test } from 'vitest'
import { crawlIdentity, specIdentity } from '../../../schema/spec/spec-identity.ts'
import { parseSpec } from '../../../infra/spec-file.ts'
import { aSpec, LEAST_SPEC } from '../../support/spec.ts'

const CALL = 'caption: { provider: openai, model: m'

test('where a model is reached is not part of the identity, which model it is is', () => {
  const at = (more: string): string => specIdentity(aSpec(`${CALL}${more} }\n`))
  expect(at(', base_url: "http://a/v1"')).toBe(at(', base_url: "http://b/v1"'))
  expect(at(', base_url: "http://a/v1"')).not.toContain('http://a/v1')
  expect(at(', revision: r2')).not.toBe(at(', revision: r1'))
})

test('an address in an override is not part of it either', () => {
  const at = (url: string): string => specIdentity(aSpec(`overrides: { cs: { ${CALL}, base_url: "${url}" } } }\n`))
  expect(at('http://a')).toBe(at('http://b'))
})

test('comments, order, spelled-out defaults and longer tags do not change it', () => {
  const other = `# a comment
crawl:
  scope: host
  politeness: { user_agent: "bot (+https://a.example/bot)" }
  seeds: { cs-CZ: ["https://A.example#top", "https://a.example/"] }
languages: [cs-Latn]
date: "2026-01-01"
version: 1.0.0
dataset: demo
image: { min_side: 200 }
`
  expect(specIdentity(parseSpec(other, 'other.yaml'))).toBe(specIdentity(aSpec()))
})

test('everything else changes it', () => {
  const changes = [
    'image: { min_side: 201 }\n',
    'select: { max_per_host: 0.5 }\n',
    'filters: { max_same_text: 9 }\n',
    'card: { title: T }\n',
  ]
  const identities = [specIdentity(aSpec()), ...changes.map((more) => specIdentity(aSpec(more)))]
  expect(new Set(identities).size).toBe(identities.length)
})

test('the crawl section has an identity of its own, which other sections do not touch', () => {
  const crawlOf = (text: string): string => {
    const { crawl } = parseSpec(text, 'spec.yaml')
    return crawl === null ? '' : crawlIdentity(crawl)
  }
  expect(crawlOf(`${LEAST_SPEC}image: { min_side: 5 }\n`)).toBe(crawlOf(LEAST_SPEC))
  expect(crawlOf(LEAST_SPEC.replace('seeds', 'scope: page\n  seeds'))).not.toBe(crawlOf(LEAST_SPEC))
})

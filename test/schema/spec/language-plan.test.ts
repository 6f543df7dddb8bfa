import { expect, test } from 'vitest'
import { isClassified, resolveLanguage } from '../../../schema/spec/language-plan.ts'
import { LEAST_SPEC } from '../../support/spec.ts'
import { parseSpec } from '../../../infra/spec-file.ts'

const spec = parseSpec(
  LEAST_SPEC.replace('[cs]', '[cs, th, vi, sr-Latn]') +
    `
filters: { nsfw: { porn: 0.5 }, drop_types: [credit] }
caption: { provider: openai, base_url: "http://a/v1", model: eye, params: { seed: 11 } }
translate: { provider: openai, base_url: "http://a/v1", model: mouth, revision: r1 }
overrides:
  th:
    filters: { nsfw: { hentai: 0.1 }, drop_types: [seo] }
    translate: { model: thai-mouth, params: { temperature: 0.5 } }
  vi: { translate: { provider: none }, caption: null }
  sr-Latn: { translate: { provider: apertium, pair: "eng|hbs_SR", base_url: "http://b" }, thick: { provider: openai, model: t } }
`,
  'spec.yaml',
)

test('a language without overrides has the general sections', () => {
  expect(resolveLanguage(spec, 'cs')).toEqual({
    filters: spec.filters,
    caption: spec.caption,
    translate: spec.translate,
    thick: null,
  })
})

test('overrides merge into objects key by key and replace lists', () => {
  const { filters, translate } = resolveLanguage(spec, 'th')
  expect([filters.nsfw, filters.drop_types, filters.max_same_text]).toEqual([
    { porn: 0.5, hentai: 0.1, sexy: 1 },
    ['seo'],
    10,
  ])
  expect(translate).toEqual({
    ...spec.translate,
    model: 'thai-mouth',
    params: { temperature: 0.5, seed: 7, max_tokens: 512 },
  })
})

test('none and null switch a generation off', () => {
  const { caption, translate } = resolveLanguage(spec, 'vi')
  expect([caption, translate]).toEqual([null, null])
})

test('another provider starts from its own defaults, not from the general call', () => {
  expect(resolveLanguage(spec, 'sr-Latn').translate).toEqual({
    provider: 'apertium',
    base_url: 'http://b',
    model: '',
    revision: '',
    prompt: '',
    params: { temperature: 0, seed: 7, max_tokens: 512 },
    pair: 'eng|hbs_SR',
    pivot: 'en',
  })
})

test('a generation can be on for one language alone', () => {
  expect(resolveLanguage(spec, 'sr-Latn').thick).toMatchObject({
    provider: 'openai',
    model: 't',
    prompt: 'thick/grounded@1',
  })
})

test('null has pictures not classified, in all languages or in one', () => {
  const written = LEAST_SPEC.replace('[cs]', '[cs, th]')
  const none = parseSpec(`${written}\nfilters: { nsfw: null }\n`, 'spec.yaml')
  const one = parseSpec(`${written}\noverrides: { th: { filters: { nsfw: null } } }\n`, 'spec.yaml')
  const other = parseSpec(
    `${written}\nfilters: { nsfw: null }\noverrides: { th: { filters: { nsfw: { porn: 0.2 } } } }\n`,
    'spec.yaml',
  )
  expect([isClassified(none), isClassified(one), isClassified(one, 'th'), isClassified(other, 'cs')]).toEqual([
    false,
    true,
    false,
    false,
  ])
  expect(resolveLanguage(other, 'th').filters.nsfw).toEqual({ porn: 0.2, hentai: 0.9, sexy: 1 })
})

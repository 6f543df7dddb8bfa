import { expect, it } from 'vitest'
import { limitations } from '../../../activities/package/card-texts.ts'
import { aSpec, someFacts } from './a-release.ts'

const PLAN = { tree: { alg: 'rfc6962-sha256' as const, size: 0, root: '' }, counts: {} }

it('says on the card that no program looked for unsafe pictures', () => {
  const { filters } = aSpec()
  const of = (nsfw: typeof filters.nsfw) =>
    limitations(someFacts(PLAN, { spec: aSpec({ filters: { ...filters, nsfw } }) }))
  expect(of(null)).toContain('Pictures were not classified: unsafe ones were looked for by no program.')
  expect(of(filters.nsfw)).toContain(
    'Pictures above these scores were dropped, as the classifier gave them: hentai 0.9, porn 0.85, sexy 1. A classifier errs both ways.',
  )
})

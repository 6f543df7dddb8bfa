import { expect, it } from 'vitest'
import { KnownUrls } from '../../../activities/crawl/known-urls.ts'
import { aFound } from '../../support/crawl.ts'

const page = (name: string, changes: Parameters<typeof aFound>[1] = {}) => aFound(`https://a.example/${name}`, changes)

it('leaves out what was committed and would change nothing', () => {
  const known = new KnownUrls()
  known.committed([page('a', { depth: 2 })])
  expect(known.unknown([page('a', { depth: 2 }), page('a', { depth: 3 }), page('b')])).toEqual([page('b')])
})

it('keeps a lesser depth, another kind and a redirect, which change a row', () => {
  const known = new KnownUrls()
  known.committed([page('a', { depth: 2 }), page('a', { depth: 4 })])
  const telling = [page('a', { depth: 1 }), page('a', { depth: 2, kind: 'picture' }), page('a', { redirects: 1 })]
  expect(known.unknown(telling)).toEqual(telling)
})

it('keeps one of many links of a batch to the same URL, at its least depth', () => {
  const known = new KnownUrls()
  const found = [page('a', { depth: 3 }), page('a', { depth: 2 }), page('a', { depth: 2 }), page('a', { depth: 5 })]
  expect(known.unknown(found)).toEqual([page('a', { depth: 3 }), page('a', { depth: 2 })])
})

it('knows nothing of what was not committed', () => {
  const known = new KnownUrls()
  known.unknown([page('a')])
  expect(known.unknown([page('a')])).toEqual([page('a')])
})

it('forgets the older half when it is full, so that it does not grow with the crawl', () => {
  const known = new KnownUrls(2)
  for (const name of ['a', 'b', 'c', 'd', 'e']) known.committed([page(name)])
  expect(known.unknown(['a', 'b', 'c', 'd', 'e'].map((name) => page(name)))).toEqual([page('a'), page('b')])
})

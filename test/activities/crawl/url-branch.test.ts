import { expect, it } from 'vitest'
import { branchOf } from '../../../activities/crawl/url-branch.ts'

const at = (path: string) => branchOf(`http://a.example${path}`)

it.each([
  ['/', '/'],
  ['/article-17/photo-3.html', '/article-0'],
  ['/2024/05/11/', '/0'],
  ['/calendar?year=2024&month=5', '/calendar?month&year'],
  ['/list?b=1&b=2&a', '/list?a&b'],
  ['/list?e&d&c&b&a', '/list?a&b&c&d'],
  ['/show;v=12?p1=x', '/show?p0'],
  [`/${'x'.repeat(100)}`, `/${'x'.repeat(63)}`],
])('%s counts to %s', (path, branch) => {
  expect(at(path)).toBe(branch)
})

it.each([
  ['/a/a/a', '!a path segment repeats itself'],
  ['/x/more/more/more/y', '!a path segment repeats itself'],
  ['/a/b/a/b/a/b', '!a part of the path repeats itself'],
  ['/a/b/c/a/b/c/a/b/c', '!a part of the path repeats itself'],
  ['/1/1/1/1/1', '!a path segment repeats itself'],
  [`/${Array.from({ length: 21 }, (_, index) => `s${index}`).join('/')}`, '!more than 20 path segments'],
  [`/?${Array.from({ length: 21 }, (_, index) => `p${index}=1`).join('&')}`, '!more than 20 query parameters'],
  ['/login?back=%2Flogin%3Fback%3D%2525252Flogin', '!addresses inside addresses in the query'],
])('%s is a trap', (path, branch) => {
  expect(at(path)).toBe(branch)
})

it.each([
  '/a/a',
  '/a/b/a/b',
  '/a/b/c/a/b/c',
  '/2011/11/11',
  '/tiles/0/0/0',
  '/1/1/1/1',
  `/${Array.from({ length: 20 }, (_, index) => `s${index}`).join('/')}`,
  `/?${Array.from({ length: 20 }, (_, index) => `p${index}=1`).join('&')}`,
  '/login?back=%2Fgo%3Fto%3D%252Fhome',
])('%s is none', (path) => {
  expect(at(path).startsWith('/')).toBe(true)
})

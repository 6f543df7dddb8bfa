import { expect, test } from 'vitest'
import { UrlBook } from '../../../activities/crawl/url-book.ts'
import { sha256 } from '../../../activities/digest.ts'

const BASE = 'https://a.example/dir/page'
const aBook = (half?: number) => new UrlBook({ shards: 64, scope: 'host' }, half)

test('names a URL by its canonical form, its digest, its host and the shard of its registrable domain', () => {
  const book = aBook()
  const placed = book.place('HTTPS://www.A.example:443/x/../y#part')
  expect(placed).toEqual({
    url: 'https://www.a.example/y',
    sha: sha256('https://www.a.example/y'),
    host: 'www.a.example',
    shard: book.place('https://other.a.example/')?.shard,
  })
})

test('a relative URL is another one on another page', () => {
  const book = aBook()
  expect(book.place('x', BASE)?.url).toBe('https://a.example/dir/x')
  expect(book.place('x', 'https://b.example/')?.url).toBe('https://b.example/x')
  expect(book.link('x', BASE)?.url).toBe('https://a.example/dir/x')
  expect(book.link('x', 'https://b.example/')?.url).toBe('https://b.example/x')
})

test('a link loses the id of a visit, a place keeps it', () => {
  const book = aBook()
  const url = 'https://a.example/shop/7?PHPSESSID=1'
  expect(book.link(url, BASE)).toMatchObject({ url: 'https://a.example/shop/7', branch: '/shop' })
  expect(book.place(url)?.url).toBe(url)
})

test('what cannot be crawled has no name, however often it is asked for', () => {
  const book = aBook()
  const bad = 'https://user@a.example/'
  expect([book.place(bad), book.place(bad), book.link(bad, BASE), book.link('mailto:a@a.example', BASE)]).toEqual([
    null,
    null,
    null,
    null,
  ])
})

test('what was forgotten is named again, and the same', () => {
  const book = aBook(2)
  const urls = Array.from({ length: 9 }, (_, index) => `https://a.example/${index}`)
  const first = urls.map((url) => book.place(url))
  expect(urls.map((url) => book.place(url))).toEqual(first)
  expect(first.map((placed) => placed?.url)).toEqual(urls)
})

test.each([
  ['page', 'page:http://a.example/x', 'page:http://a.example/y'],
  ['host', 'host:a.example', 'host:a.example'],
  ['domain', 'domain:a.example', 'domain:a.example'],
] as const)('a scope of one %s', (scope, x, y) => {
  const book = new UrlBook({ shards: 1, scope })
  expect([book.siteOf('http://a.example/x'), book.siteOf('http://a.example/y')]).toEqual([x, y])
})

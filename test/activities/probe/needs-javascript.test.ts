import { expect, test } from 'vitest'
import { countScripts, needsJavaScript, type PageSigns } from '../../../activities/probe/needs-javascript.ts'

const count = (html: string) => countScripts(Buffer.from(html))
const aPage = (changes: Partial<PageSigns>): PageSigns => ({
  letters: 30,
  links: 0,
  pictures: 0,
  scripts: { loaded: 1, inline: 0 },
  ...changes,
})

test.each([
  ['<script src="/app.js"></script><SCRIPT type="module" src=/b.js></SCRIPT>', { loaded: 2, inline: 0 }],
  ['<script>start()</script>', { loaded: 0, inline: 7 }],
  ['<script type="application/ld+json">{"a":1}</script>', { loaded: 0, inline: 0 }],
  ['<p>no scripts</p>', { loaded: 0, inline: 0 }],
  ['<script>never ends', { loaded: 0, inline: 10 }],
  ['<script src="/cut', { loaded: 0, inline: 0 }],
])('counts the scripts of %s', (html, expected) => {
  expect(count(html)).toEqual(expected)
})

test('counts the scripts of a hostile page in one pass', () => {
  expect(count('<script '.repeat(200_000)).loaded).toBe(0)
})

test('a frame that a script fills needs JavaScript', () => {
  expect(needsJavaScript(aPage({}))).toBe(true)
  expect(needsJavaScript(aPage({ scripts: { loaded: 0, inline: 5_000 } }))).toBe(true)
})

test.each([
  ['words', { letters: 200 }],
  ['links', { links: 5 }],
  ['a described picture', { pictures: 1 }],
  ['no script', { scripts: { loaded: 0, inline: 0 } }],
  ['a small script', { scripts: { loaded: 0, inline: 150 } }],
] as const)('a page with %s does not', (_, changes) => {
  expect(needsJavaScript(aPage(changes))).toBe(false)
})

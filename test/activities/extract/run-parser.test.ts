import { parse, Tokenizer } from 'parse5'
import { expect, test, vi } from 'vitest'
import { parseInRuns } from '../../../activities/extract/run-parser.ts'

const PIECES = [
  ...'<>&"\'=/!-? \n\t\f\r\0;#x'.split(''),
  '\r\n',
  '\u{1F600}',
  '\ud83d',
  '\ude00',
  'é',
  '한국',
  '\u200f',
  'slova a slova',
  '&amp;',
  '&nbsp',
  '&#xD;',
  '&notit;',
  '<!doctype html>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?xml ?>',
  ' alt="Starý mlýn, dole"',
  " title='po\r\ndešti & větru'",
  ' src=a&amp=b',
  ...'html head body frameset frame title textarea pre listing script style noscript template table tbody tr td caption colgroup select option b a p li font svg math desc annotation-xml br img plaintext xmp'
    .split(' ')
    .flatMap((name) => [`<${name}>`, `<${name} `, `</${name}>`, `<${name}>\n`]),
]

test('random markup has the tree that the parser itself makes', () => {
  const random = generator(7)
  for (let round = 0; round < 6_000; round += 1) {
    const markup = Array.from({ length: 1 + (random() % 40) }, () => PIECES[random() % PIECES.length]).join('')
    expect(treeOf(parseInRuns, markup), JSON.stringify(markup)).toBe(treeOf(parse, markup))
  }
})

test('a text and a value longer than what the parser keeps at a time have it, too', () => {
  const long = 'Řeka za vsí\n'.repeat(20_000)
  for (const markup of [
    `<p>${long}<b>${long}</b>&lt;${long}`,
    `<img alt="${long}&amp;${long}">${long}<p title='${long}'>`,
  ])
    expect(treeOf(parseInRuns, markup) === treeOf(parse, markup)).toBe(true)
})

test('text and values do not go through the state machine one by one', () => {
  const steps = vi.spyOn(Tokenizer.prototype as unknown as { _callState(codePoint: number): void }, '_callState')
  parseInRuns(`<p title="${'a b '.repeat(1_000)}">${'slova '.repeat(1_000)}</p>`, {})
  const taken = steps.mock.calls.length
  steps.mockRestore()
  expect(taken).toBeLessThan(50)
})

function treeOf(parser: typeof parse, markup: string): string {
  return JSON.stringify(parser(markup, { scriptingEnabled: false }), (key, value: unknown) =>
    key === 'parentNode' ? undefined : value,
  )
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

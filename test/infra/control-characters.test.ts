import { expect, test } from 'vitest'
import { escapeControls } from '../../infra/control-characters.ts'

test('escape sequences, C1 controls and marks that reorder text are shown, not obeyed', () => {
  expect(escapeControls('a\u001b[2Jb\u009bc\u007fd\u202ee\u2066f\rg')).toBe(
    'a\\u001b[2Jb\\u009bc\\u007fd\\u202ee\\u2066f\\u000dg',
  )
})

test('text of any script, tabs and newlines stay', () => {
  const text = 'čaj\tشاي\n茶 ☕ 👩‍👧'
  expect(escapeControls(text)).toBe(text)
})

test('escaped JSON still reads as the same value', () => {
  const value = { text: 'x\u0085\u2028\u202e' }
  expect(JSON.parse(escapeControls(JSON.stringify(value)))).toEqual(value)
})

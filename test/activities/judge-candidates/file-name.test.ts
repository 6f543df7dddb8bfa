import { describe, expect, test } from 'vitest'
import { namesItsFile } from '../../../activities/judge-candidates/file-name.ts'

const URL_OF_MILL = 'http://a.example/img/Old_Mill-2.final.jpg?size=3'

describe('namesItsFile', () => {
  test('holds for the name of the file, with or without its extension, whatever case and separators', () => {
    const texts = [
      'Old_Mill-2.final.jpg',
      'Old_Mill-2.final',
      'old mill 2 final',
      'OLDMILL2FINAL',
      'Old+Mill.2-final.PNG',
    ]
    expect(texts.filter((text) => !namesItsFile(text, URL_OF_MILL))).toEqual([])
  })

  test('does not hold for a text that says more or less', () => {
    const texts = ['Old mill', 'An old mill 2 final', 'final', '']
    expect(texts.filter((text) => namesItsFile(text, URL_OF_MILL))).toEqual([])
  })

  test('reads the name decoded, and as it stands where it cannot be decoded', () => {
    expect(namesItsFile('old mill', 'http://a.example/old%20mill.jpg')).toBe(true)
    expect(namesItsFile('100%off', 'http://a.example/100%off.jpg')).toBe(true)
  })

  test('takes full-width letters for their plain ones, in the name of the file', () => {
    expect(namesItsFile('mill', 'http://a.example/%EF%BD%8D%EF%BD%89ll.jpg')).toBe(true)
  })

  test('reads a name without extension, and one that starts with its dot, whole', () => {
    expect(namesItsFile('mill', 'http://a.example/pictures/mill')).toBe(true)
    expect(namesItsFile('mill', 'http://a.example/.mill')).toBe(true)
  })

  test('leaves a name of one character or none alone: a numeral may well be the text', () => {
    expect(namesItsFile('5', 'http://a.example/5.jpg')).toBe(false)
    expect(namesItsFile('', 'http://a.example/')).toBe(false)
    expect(namesItsFile('V8', 'http://a.example/v8.jpg')).toBe(true)
  })

  test('leaves a name in another script alone: a person who wrote the language gave it', () => {
    expect(namesItsFile('мельница', `http://a.example/${encodeURIComponent('мельница')}.jpg`)).toBe(false)
    expect(namesItsFile('řeka', `http://a.example/${encodeURIComponent('řeka')}.jpg`)).toBe(false)
  })
})

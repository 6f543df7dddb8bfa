import { describe, expect, it } from 'vitest'
import { isEmptyCulture, withoutEmptyCulture } from '../../../activities/generate/empty-culture.ts'

describe('empty culture sentences', () => {
  it.each([
    'No specific cultural features can be seen.',
    'There are no visible cultural elements in the image.',
    'The country or people cannot be determined from the picture.',
    "The image doesn't show any particular cultural characteristics, such as clothing, architecture or festival customs.",
    'It is impossible to tell the country of origin.',
    'Cultural context: unknown.',
    'None.',
    'N/A',
    'Not applicable.',
    'The cultural background is unclear.',
    'No clear cultural markers are evident; the likely country is hard to identify.',
    'The scene is culturally neutral and gives no hint of a specific region.',
    'Without further context, the nationality of the people cannot be inferred.',
    '',
  ])('says nothing: %s', (text) => {
    expect(isEmptyCulture(text)).toBe(true)
  })

  it.each([
    'The woman wears an embroidered blouse with red floral motifs.',
    'No shoes are worn in the prayer hall, and rows of sandals stand at the door.',
    'The roof is not tiled but thatched with reed, as on farms of the Hungarian plain.',
    'Two men carve a wooden mask without paint for a winter procession.',
    'A tea ceremony is being held.',
    'The signs are written in Thai script.',
  ])('says something: %s', (text) => {
    expect(isEmptyCulture(text)).toBe(false)
  })

  it('keeps what says something when another sentence of the point is empty', () => {
    expect(isEmptyCulture('A lion dance is performed. The country cannot be determined.')).toBe(false)
  })

  it('takes only such sentences out of a caption', () => {
    const caption = 'A dog sleeps. No people can be seen. No cultural features can be identified. It is noon.'
    expect(withoutEmptyCulture(caption, null)).toBe('A dog sleeps. No people can be seen. It is noon.')
  })
})

import { describe, expect, test } from 'vitest'
import { declaredGroups, declaredTags, markedGroup } from '../../../activities/judge-candidates/declared-languages.ts'

const declared = (declaredElement: string | null, declaredPage: string | null, declaredSeed: string | null) => ({
  declaredElement,
  declaredPage,
  declaredSeed,
})

describe('declaredTags', () => {
  test('are those of element, page and seed list, in that order, as they are written', () => {
    expect(declaredTags(declared('cs-CZ', 'sk', 'hu'))).toEqual(['cs-CZ', 'sk', 'hu'])
  })

  test('leave out what is no language', () => {
    expect(declaredTags(declared('und', 'und', 'hu'))).toEqual(['hu'])
    expect(declaredTags(declared(null, null, 'und'))).toEqual([])
    expect(declaredTags(declared('12 34', null, null))).toEqual([])
  })

  test('of an element that says unknown are not those of its page', () => {
    expect(declaredTags(declared(null, 'cs', 'hu'))).toEqual(['hu'])
  })
})

describe('declaredGroups', () => {
  test('are the groups of the tags, each once', () => {
    expect(declaredGroups(declared('hr', 'sr-Latn', 'cs'))).toEqual(['sr', 'cs'])
  })
})

describe('markedGroup', () => {
  test('is what the element says against its page', () => {
    expect(markedGroup(declared('hu', 'cs', null))).toBe('hu')
  })

  test('is nothing where the element inherits, says the same, or says nothing', () => {
    const none = [declared('cs-CZ', 'cs', 'hu'), declared('hr', 'sr', 'hu'), declared('und', 'cs', 'hu')]
    expect(none.map(markedGroup)).toEqual([null, null, null])
    expect([declared(null, 'cs', 'hu'), declared('hu', null, 'cs')].map(markedGroup)).toEqual([null, null])
  })
})

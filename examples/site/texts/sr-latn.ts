import type { SiteTexts } from './site-texts.ts'
import { sr } from './sr.ts'

const LATIN: Record<string, string> = Object.fromEntries(
  'а a б b в v г g д d ђ đ е e ж ž з z и i ј j к k л l љ lj м m н n њ nj о o п p р r с s т t ћ ć у u ф f х h ц c ч č џ dž ш š'
    .split(' ')
    .flatMap((letter, i, all) => (i % 2 === 0 ? [[letter, all[i + 1] ?? '']] : [])),
)

/** Serbian Cyrillic in Gaj's Latin alphabet; a capital digraph gets one capital (Lj), as at the start of a word. */
export function toLatin(text: string): string {
  return text.replace(/[\u0400-\u04ff]/g, (letter) => {
    const small = letter.toLowerCase()
    const latin = LATIN[small] ?? letter
    return letter === small ? latin : latin.charAt(0).toUpperCase() + latin.slice(1)
  })
}

function latinised<T>(value: T): T {
  if (typeof value === 'string') return toLatin(value) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, latinised(item)])) as T
}

/** The same words as the Serbian site in the other script; its pictures are drawn anew. */
export const srLatn: SiteTexts = { ...latinised(sr), tag: 'sr-Latn' }

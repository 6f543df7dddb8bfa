import { describe, expect, it } from 'vitest'
import { type GroundResult, groundThick } from '../../../activities/generate/ground-thick.ts'
import type { ThickOutput, ThickSources } from '../../../activities/generate/thick.ts'

function sources(alt_text: string, rest: Partial<ThickSources> = {}): ThickSources {
  return { alt_text, alt_others: [], context: { title: null, heading: null, before: null, after: null }, ...rest }
}

/** What is left of the caption, or the reason why nothing is. */
function left(result: GroundResult): string {
  return result.ok ? result.caption : result.reason
}

function entity(name: string, rest: Partial<ThickOutput['entities'][number]> = {}): ThickOutput['entities'][number] {
  return { name, evidence: 'alt', source: 'alt_text', start: 0, end: 1, ...rest }
}

/** Native text, accepted description, honest thick caption made of both, and invented names in the language's own script. */
const WORLD: Record<string, { alt: string; ling: string; invented: string[] }> = {
  ar: {
    alt: 'فناجين القهوة العربية على صينية نحاسية',
    ling: 'في وسط الصورة شكل دائري كبير لونه بني. الخلفية بيضاء.',
    invented: ['قلعة زمردان', 'سلطانبور', 'باريس'],
  },
  cs: {
    alt: 'Velikonoční kraslice v ošatce',
    ling: 'Uprostřed obrázku je velký kulatý červený tvar. Pozadí je bílé.',
    invented: ['Zlatohrad', 'Miroslav Vrbenský', 'Vídeň'],
  },
  hu: {
    alt: 'Kalocsai hímzés piros virágokkal',
    ling: 'A kép közepén egy nagy kerek piros alakzat van. A háttér fehér.',
    invented: ['Aranyvárad', 'Zöldi Bertalan', 'Bécs'],
  },
  ko: {
    alt: '놋그릇에 담긴 비빔밥',
    ling: '그림 가운데에 큰 둥근 갈색 도형이 있습니다. 배경은 흰색입니다.',
    invented: ['금강탑마을', '박도윤', '파리'],
  },
  ru: {
    alt: 'Самовар на столе у окна',
    ling: 'В середине изображения находится большая круглая фигура. Фон белый.',
    invented: ['Златогорск', 'Пётр Вербицкий', 'Вена'],
  },
  sr: {
    alt: 'Ћилим са црвеним шарама',
    ling: 'У средини слике је велики црвени облик. Позадина је бела.',
    invented: ['Златиград', 'Вукоман Брзак', 'Беч'],
  },
  'sr-Latn': {
    alt: 'Ćilim sa crvenim šarama',
    ling: 'U sredini slike je veliki crveni oblik. Pozadina je bela.',
    invented: ['Zlatigrad', 'Vukoman Brzak', 'Beč'],
  },
  th: {
    alt: 'โคมลอยในงานเทศกาลยี่เป็ง',
    ling: 'รูปทรงกลมสีส้มขนาดใหญ่อยู่ตรงกลางภาพ พื้นหลังเป็นสีดำ',
    invented: ['เมืองทองคำนคร', 'วัดพระแก้ว', 'เชียงใหม่'],
  },
  vi: {
    alt: 'Nón lá phơi trên sân gạch',
    ling: 'Ở giữa bức ảnh có một hình tròn lớn màu vàng. Nền có màu nâu.',
    invented: ['Kim Sơn Thành', 'Trần Văn Khoát', 'Huế'],
  },
}

describe.each(Object.entries(WORLD))('a thick caption in %s', (language, { alt, ling, invented }) => {
  const stop = language === 'th' ? '' : '.'
  const honest = `${alt}${stop} ${ling}`
  const ground = (caption: string, entities: ThickOutput['entities'] = []) =>
    groundThick({ caption, entities }, sources(alt), ling, language)

  it('is kept whole when all of it is held', () => {
    expect(ground(honest)).toEqual({ ok: true, caption: honest, entities: [], removed: [] })
  })

  it('keeps no name that stands nowhere, wherever it is put, declared or not', () => {
    for (const name of [...invented, 'Zorblax']) {
      const space = honest.indexOf(' ', Math.floor(honest.length / 2))
      const places = [
        `${honest} ${name}${stop}`,
        `${name} ${honest}`,
        `${name}${stop} ${honest}`,
        `${honest.slice(0, space)} ${name}${honest.slice(space)}`,
        `${alt} ${name}${stop} ${ling}`,
        `${alt} (${name})${stop} ${ling}`,
        `${alt} „${name}“${stop} ${ling}`,
      ]
      for (const caption of places) {
        for (const entities of [[], [entity(name)], [entity(name, { evidence: 'image' })]]) {
          const words = name.split(' ').filter((word) => left(ground(caption, entities)).includes(word))
          expect([caption, words]).toEqual([caption, []])
        }
      }
    }
  })

  it('loses the sentence with an invented name and keeps the others', () => {
    const result = ground(`${honest} ${invented[0] ?? ''}${stop}`)
    expect(left(result)).toBe(honest)
    expect(result.ok && result.removed.length).toBe(1)
  })

  it('keeps no year and no number that stands nowhere', () => {
    expect(left(ground(`${honest} 1756${stop}`))).not.toContain('1756')
  })
})

describe('entities of a thick caption', () => {
  const context = {
    title: 'Karlův most – Praha',
    heading: null,
    before: 'Stavbu založil Karel IV. v roce 1357.',
    after: null,
  }

  it('are found where they stand, whatever the model claimed, in code points', () => {
    const native = sources('🌉 Lidé na Karlově mostě', { context })
    const caption = 'Lidé na Karlově mostě. Karel IV. ho založil v roce 1357.'
    const claimed = [
      entity('Karlův most', { source: 'context.after', start: 40, end: 51 }),
      entity('Karel IV', { evidence: 'image', source: 'alt_text' }),
    ]
    expect(groundThick({ caption, entities: claimed }, native, null, 'cs')).toEqual({
      ok: true,
      caption,
      entities: [
        { name: 'Karlův most', evidence: 'alt', source: 'alt_text', start: 10, end: 23 },
        { name: 'Karel IV', evidence: 'page', source: 'context.before', start: 15, end: 23 },
      ],
      removed: [],
    })
  })

  it('may be declined as grammar asks, but are not taken for another name that begins alike', () => {
    const ground = (alt: string, caption: string, language: string) =>
      left(groundThick({ caption, entities: [] }, sources(alt), null, language))
    expect(ground('Praha v zimě', 'Zima v Praze a nad Prahou v zimě.', 'cs')).toBe('not_grounded')
    expect(ground('Praha v zimě', 'V zimě nad Prahou.', 'cs')).toBe('V zimě nad Prahou.')
    expect(ground('Budapest télen', 'A tél Budapestről és télen.', 'hu')).toBe('A tél Budapestről és télen.')
    expect(ground('Зима в Суздале', 'Зима над Суздалем.', 'ru')).toBe('Зима над Суздалем.')
    expect(ground('경복궁의 겨울', '겨울의 경복궁은 경복궁에서.', 'ko')).toBe('겨울의 경복궁은 경복궁에서.')
    expect(ground('قصر الحمراء في الشتاء', 'الشتاء والحمراء وقصر.', 'ar')).toBe('الشتاء والحمراء وقصر.')
    expect(ground('Petr na zahradě', 'Zahrada města Petrovice na zahradě.', 'cs')).toBe('not_grounded')
    expect(ground('Hà Giang mùa lúa, nội thất gỗ', 'Mùa lúa ở Hà Nội.', 'vi')).toBe('not_grounded')
    expect(ground('경복궁의 겨울', '경복궁역의 겨울.', 'ko')).toBe('not_grounded')
  })

  it('are dropped from the list when the caption that is left does not have them', () => {
    const caption = 'Lidé na mostě. Zlatohrad a Praha.'
    const result = groundThick({ caption, entities: [entity('Praha')] }, sources('Lidé na mostě, Praha'), null, 'cs')
    expect(result).toEqual({
      ok: true,
      caption: 'Lidé na mostě.',
      entities: [],
      removed: [{ text: 'Zlatohrad a Praha.', unsupported: ['Zlatohrad'] }],
    })
  })

  it('in small letters take their sentence with them when they are declared and stand nowhere', () => {
    const caption = 'Lidé na mostě. Na stole je trdelník.'
    const native = sources('Lidé na mostě')
    expect(left(groundThick({ caption, entities: [entity('trdelník')] }, native, null, 'cs'))).toBe('Lidé na mostě.')
    expect(left(groundThick({ caption, entities: [entity('trdelníky')] }, native, null, 'cs'))).toBe('Lidé na mostě.')
  })

  it('may rest on the description when they are no proper names', () => {
    const caption = 'Lidé na mostě. Na mostě je zvon.'
    const entities = [entity('zvon', { evidence: 'image', source: 'description.target' })]
    expect(groundThick({ caption, entities }, sources('Lidé na mostě'), 'Na mostě je zvon.', 'cs')).toMatchObject({
      ok: true,
      entities: [{ name: 'zvon', evidence: 'image', source: 'description.target', start: 12, end: 16 }],
    })
  })

  it('that are proper names do not rest on the description alone', () => {
    const result = groundThick(
      { caption: 'Lidé na mostě. Vlevo je Zlatohrad.', entities: [entity('Zlatohrad')] },
      sources('Lidé na mostě'),
      'Vlevo je Zlatohrad.',
      'cs',
    )
    expect(left(result)).toBe('Lidé na mostě.')
  })
})

describe('grounding', () => {
  const ground = (alt: string, caption: string, language: string, ling: string | null = null) =>
    left(groundThick({ caption, entities: [] }, sources(alt), ling, language))

  it('wants quoted words in a native text, whatever their case', () => {
    expect(ground('Lidé na mostě', 'Lidé na mostě. Most zvaný „zlatý hrad“.', 'cs')).toBe('Lidé na mostě.')
    expect(ground('Lidé na „starém mostě“', 'Lidé na „starém mostě“.', 'cs')).toBe('Lidé na „starém mostě“.')
  })

  it('takes no name for a form of a word in small letters, but the word itself with a capital', () => {
    expect(ground('Bela kuća', 'Bela kuća pored Belić kuće.', 'sr-Latn')).toBe('not_grounded')
    expect(ground('bela kuća', 'Bela kuća i Bela.', 'sr-Latn')).toBe('Bela kuća i Bela.')
    expect(ground('Lidé v lese', 'Lidé v lese. Lesní Zlatohrad.', 'cs')).toBe('Lidé v lese.')
  })

  it('takes no code for a form of another one', () => {
    expect(ground('Letoun MiG21', 'Letoun MiG2100.', 'cs')).toBe('not_grounded')
    expect(ground('Letoun MiG21', 'Letoun MiG21.', 'cs')).toBe('Letoun MiG21.')
  })

  it('lets no name be spelt out of single letters in a script without spaces', () => {
    expect(ground('อักษร ก ข ค บนกระดาน', 'อักษร กขค', 'th')).toBe('อักษร')
  })

  it('lets a sentence begin with a word of the description, but not with a declared name that only it has', () => {
    const caption = 'Lidé na mostě. Zlatohrad stojí vlevo.'
    const entities = [entity('Zlatohrad', { evidence: 'image' })]
    const native = sources('Lidé na mostě')
    expect(left(groundThick({ caption, entities: [] }, native, 'Zlatohrad stojí vlevo.', 'cs'))).toBe(caption)
    expect(left(groundThick({ caption, entities }, native, 'Zlatohrad stojí vlevo.', 'cs'))).toBe('Lidé na mostě.')
  })

  it('does not let a name hide behind the beginning of another word, in mixed letters or in invisible characters', () => {
    const ground = (caption: string) =>
      left(groundThick({ caption, entities: [] }, sources('Lidé na mostě, 1 jen'), null, 'cs'))
    expect(ground('Lidé na mostě jeNiš.')).toBe('not_grounded')
    expect(ground('Lidé na mostě a Пrаhа.')).toBe('not_grounded')
    expect(ground('Lidé na mostě a 𝐏𝐫𝐚𝐡𝐚.')).toBe('not_grounded')
  })

  it('wants some word of a native text in what is left', () => {
    const result = groundThick(
      { caption: 'Pozadí je bílé.', entities: [] },
      sources('Lidé na mostě'),
      'Pozadí je bílé.',
      'cs',
    )
    expect(result).toMatchObject({ ok: false, reason: 'not_grounded' })
  })

  it('works for native texts of one short word', () => {
    const ling = 'Uprostřed obrázku je tvar.'
    expect(left(groundThick({ caption: `Kos. ${ling}`, entities: [] }, sources('Kos.'), ling, 'cs'))).toBe(
      `Kos. ${ling}`,
    )
    const viet = 'Nền có màu trắng.'
    expect(left(groundThick({ caption: `Ác. ${viet}`, entities: [] }, sources('Ác.'), viet, 'vi'))).toBe(`Ác. ${viet}`)
  })

  it('accepts a number in other digits and with other separators', () => {
    const result = groundThick({ caption: 'سعره ١٢٥٠ درهما.', entities: [] }, sources('سعره 1,250 درهما'), null, 'ar')
    expect(left(result)).toBe('سعره ١٢٥٠ درهما.')
  })

  it('drops a caption with more declared entities than it can hold', () => {
    const entities = Array.from({ length: 65 }, (_, i) => entity(`n${i}`))
    expect(groundThick({ caption: 'Lidé na mostě.', entities }, sources('Lidé na mostě'), null, 'cs')).toMatchObject({
      ok: false,
      reason: 'not_grounded',
    })
  })

  it('gets through long hostile text', () => {
    const caption = 'กขคงจ '.repeat(1_600).trim()
    expect(left(groundThick({ caption, entities: [] }, sources('ดอกไม้สีแดง'.repeat(50)), null, 'th'))).toBe(
      'not_grounded',
    )
    const arabic = Array.from({ length: 1_500 }, (_, i) => `كلمة${String.fromCodePoint(0x628 + (i % 20))}`).join(' ')
    expect(left(groundThick({ caption: arabic, entities: [] }, sources('نص أصلي قصير'), null, 'ar'))).toBe(
      'not_grounded',
    )
  })
})

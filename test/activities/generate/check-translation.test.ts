import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkTranslation, withoutMarks } from '../../../activities/generate/check-translation.ts'
import type { GenerationReason } from '../../../schema/contracts/reasons.ts'
import { aTextFact } from './builders.ts'

const SOURCE = 'A large round stone tower stands on a green hill. Two people walk to the gate, 40 m below.'

const GOOD: Record<string, string> = {
  ar: 'يقف برج حجري دائري كبير على تلة خضراء. شخصان يمشيان إلى البوابة على بعد 40 م في الأسفل.',
  cs: 'Na zeleném kopci stojí velká kulatá kamenná věž. Dva lidé jdou k bráně, 40 m níže.',
  hu: 'Egy nagy, kerek kőtorony áll egy zöld dombon. Két ember a kapuhoz sétál, 40 m-rel lejjebb.',
  ko: '푸른 언덕 위에 크고 둥근 돌탑이 서 있습니다. 두 사람이 40 m 아래의 문으로 걸어갑니다.',
  ru: 'Большая круглая каменная башня стоит на зелёном холме. Два человека идут к воротам, 40 м ниже.',
  sr: 'Велика округла камена кула стоји на зеленом брду. Двоје људи иде ка капији, 40 м ниже.',
  'sr-Latn': 'Velika okrugla kamena kula stoji na zelenom brdu. Dvoje ljudi ide ka kapiji, 40 m niže.',
  th: 'หอคอยหินทรงกลมขนาดใหญ่ตั้งอยู่บนเนินเขาสีเขียว คนสองคนเดินไปที่ประตู ต่ำลงไป ๔๐ เมตร',
  vi: 'Một tòa tháp đá tròn lớn đứng trên ngọn đồi xanh. Hai người đi bộ đến cổng, cách 40 m bên dưới.',
  es: 'Una gran torre redonda de piedra está en una colina verde. Dos personas caminan a la puerta, 40 m más abajo.',
  zh: '一座巨大的圆形石塔矗立在绿色的山丘上。两个人走向下方40米处的大门。',
}

function reasons(
  translation: string,
  target: string,
  source = SOURCE,
  detected = target.split('-')[0] ?? '',
): GenerationReason[] {
  return checkTranslation({ source, pivot: 'en', translation, target, fact: aTextFact(translation, detected) })
}

describe('checks after translation', () => {
  it.each(Object.keys(GOOD))('let a good translation into %s pass', (target) => {
    expect(reasons(GOOD[target] ?? '', target)).toEqual([])
  })

  it('find an empty translation', () => {
    expect(reasons(' … ', 'cs')).toEqual(['empty'])
  })

  it('find the source given back, whatever its case and punctuation', () => {
    expect(reasons(SOURCE.toUpperCase().replace('.', ' !'), 'cs', SOURCE, 'en')).toEqual([
      'wrong_language',
      'untranslated',
      'copied_source',
    ])
  })

  it('find letters of a script that is not the target language', () => {
    expect(reasons(`${GOOD['ru'] ?? ''} 山`, 'ru')).toEqual(['wrong_script'])
    expect(reasons(GOOD['sr'] ?? '', 'sr-Latn')).toEqual(['wrong_script'])
    expect(reasons((GOOD['ru'] ?? '').replace('башня', 'бaшня'), 'ru')).toEqual(['wrong_script'])
  })

  it('find another language of the same script when no detector says the one asked for', () => {
    expect(reasons(GOOD['ru'] ?? '', 'sr', SOURCE, 'ru')).toEqual(['wrong_language'])
    expect(reasons(GOOD['sr-Latn'] ?? '', 'sr-Latn', SOURCE, 'hr')).toEqual([])
  })

  it('believe one detector that says the language asked for, and neither on a few letters', () => {
    const fact = aTextFact(GOOD['cs'] ?? '', 'sk', 'cs')
    expect(
      checkTranslation({ source: SOURCE, pivot: 'en', translation: GOOD['cs'] ?? '', target: 'cs', fact }),
    ).toEqual([])
    expect(reasons('La luna llena.', 'es', 'The full moon.', 'ca')).toEqual([])
    expect(reasons('An luna llenan.', 'es', 'The full moon.', 'en')).toEqual(['wrong_language'])
  })

  it('find a single English word in another script, but let names, codes and units stay', () => {
    expect(reasons((GOOD['ru'] ?? '').replace('башня', 'tower'), 'ru')).toEqual(['untranslated'])
    expect(
      reasons(
        'На мосту стоит Zara в шапке NASA, 5 km от дома.',
        'ru',
        'On the bridge stands Zara in a NASA cap, 5 km from home.',
      ),
    ).toEqual([])
  })

  it('find a share of English words in the same script, but let a cognate stay', () => {
    expect(
      reasons(
        'Una large round torre de piedra está en una colina verde. Dos people caminan a la gate, 40 m más abajo.',
        'es',
      ),
    ).toEqual(['untranslated'])
    expect(
      reasons(
        'El color central de la imagen es azul y la luz es suave.',
        'es',
        'The central color of the picture is blue and the light is soft.',
      ),
    ).toEqual([])
  })

  it('find three English words in a row in a long text', () => {
    const long =
      'Una gran torre redonda de piedra está en una colina verde y muy alta, con una puerta de madera oscura, y dos personas mayores caminan lentamente hacia ella por el sendero a la sombra de unos árboles'
    expect(reasons(`${long} walk to the gate, 40 m.`, 'es')).toEqual(['untranslated'])
    expect(reasons(`${long}, 40 m.`, 'es')).toEqual([])
  })

  it.each(['*cheetah', '@the', '#trava', 'Sedam#'])('count a marked word as one that is left: %s', (word) => {
    const source = 'A tall stone tower with a dark wooden door.'
    expect(reasons(`Una torre con ${word}.`, 'es', source)).toEqual(['untranslated'])
    expect(reasons(`Una alta torre de piedra con una puerta de madera ${word}.`, 'es', source)).toEqual([])
  })

  it('let a marked name stay', () => {
    const source = 'The old bridge of Mostar.'
    expect(reasons('El puente de *Mostar.', 'es', source)).toEqual([])
  })

  it('are followed by taking the marks out, but for those of the source', () => {
    expect(withoutMarks('El puente de *Mostar, #rojo# y @the.', 'The bridge of Mostar.')).toBe(
      'El puente de Mostar, rojo y the.',
    )
    expect(withoutMarks('La etiqueta #verano y *sol.', 'The tag #summer and sun.')).toBe('La etiqueta #verano y sol.')
    expect(withoutMarks('2 * 3 = 6, a @ b', 'x')).toBe('2 * 3 = 6, a @ b')
  })

  it('let a mark stay that the source has', () => {
    expect(
      reasons(
        'La etiqueta #verano está en la camisa roja de la mujer.',
        'es',
        'The tag #summer is on the red shirt of the woman.',
      ),
    ).toEqual([])
  })

  it('find a lost number, in whatever digits and with whatever separators it might stand', () => {
    expect(reasons((GOOD['cs'] ?? '').replace('40', '14'), 'cs')).toEqual(['entities_lost'])
    const source = 'The bridge is 1,250 metres long and was built in 1908 by a small town.'
    expect(reasons('Most je dlouhý 1 250 metrů a v roce 1908 ho postavilo malé město.', 'cs', source)).toEqual([])
    expect(reasons('สะพานยาว ๑,๒๕๐ เมตร และเมืองเล็ก ๆ สร้างขึ้นใน พ.ศ. ๑๙๐๘', 'th', source)).toEqual([])
    expect(reasons('يبلغ طول الجسر ١٢٥٠ مترًا وقد بنته بلدة صغيرة في عام ١٩٠٨.', 'ar', source)).toEqual([])
  })

  it('find a translation that is much too short or too long for its script', () => {
    expect(reasons('Věž, 40.', 'cs')).toEqual(['length_ratio'])
    expect(
      reasons(
        `${GOOD['ko'] ?? ''} 나무와 꽃과 새와 강과 바다와 하늘과 구름과 해와 달과 별이 모두 함께 어우러져 아주 아름다운 풍경을 이루고 있으며 멀리 산도 보입니다. 사람들은 조용히 쉬고 있습니다.`,
        'ko',
      ),
    ).toEqual(['length_ratio'])
  })

  it('find a loop and sentences that come again', () => {
    expect(
      reasons('Na zeleném kopci stojí velká velká velká velká velká věž. Dva lidé jdou k bráně, 40 m níže.', 'cs'),
    ).toEqual(['repetition'])
    expect(reasons('ขนาดใหญ่มากมากมากมากมากมากมากมากมากมาก 40', 'th')).toEqual(['repetition'])
    const again = '40 m vysoko stojí věž. '
    expect(reasons(again.repeat(3).trim(), 'cs')).toEqual(['repetition'])
  })

  it('find a text that was cut off', () => {
    expect(reasons('Na zeleném kopci stojí velká kulatá kamenná věž. Dva lidé jdou k bráně, 40 m,', 'cs')).toEqual([
      'truncated',
    ])
    expect(reasons('Na zeleném kopci stojí velká kulatá kamenná věž (dva lidé jdou k bráně, 40 m', 'cs')).toEqual([
      'truncated',
    ])
  })

  it('reads long hostile text in one go', () => {
    const long = 'ab'.repeat(5_000) + '('.repeat(5_000)
    expect(reasons(long, 'cs')).toContain('length_ratio')
  })
})

interface Case {
  en: string
  'eng|spa': string
  'eng|hbs_SR': string
}

describe('real output of Apertium', () => {
  const cases = JSON.parse(readFileSync(new URL('cases/apertium.json', import.meta.url), 'utf8')) as Case[]
  it('into Serbian is dropped as untranslated', () => {
    for (const { en, 'eng|hbs_SR': output } of cases) {
      expect([output, reasons(output, 'sr-Latn', en, 'und')]).toEqual([output, ['untranslated']])
    }
  })

  it('into Serbian is dropped without its marks too, for descriptions of some sentences', () => {
    for (const { en, 'eng|hbs_SR': output } of cases.filter((row) => row.en.split('. ').length > 3)) {
      const bare = withoutMarks(output, en)
      expect([bare, reasons(bare, 'sr-Latn', en, 'und')]).toEqual([bare, ['untranslated']])
    }
  })

  it('into Spanish is kept where it is translated', () => {
    const dropped = cases.filter(({ en, 'eng|spa': output }) => reasons(output, 'es', en).length > 0)
    expect(dropped.map((row) => row['eng|spa']).filter((output) => !output.includes('*'))).toEqual([])
    expect(dropped.length / cases.length).toBeLessThan(0.2)
  })
})

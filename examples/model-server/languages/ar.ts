import type { Colour, Form, Phrase, Size } from '../phrases.ts'

/** Masculine and feminine. */
const COLOUR: Record<Colour, readonly [string, string]> = {
  black: ['أسود', 'سوداء'],
  white: ['أبيض', 'بيضاء'],
  grey: ['رمادي', 'رمادية'],
  red: ['أحمر', 'حمراء'],
  orange: ['برتقالي', 'برتقالية'],
  yellow: ['أصفر', 'صفراء'],
  green: ['أخضر', 'خضراء'],
  blue: ['أزرق', 'زرقاء'],
  purple: ['بنفسجي', 'بنفسجية'],
  pink: ['وردي', 'وردية'],
  brown: ['بني', 'بنية'],
  turquoise: ['فيروزي', 'فيروزية'],
}
const SIZE: Record<Size, string> = { large: ' كبير', small: ' صغير', plain: '' }
const FORM: Record<Form, string> = { round: ' دائري', square: ' مربع', wide: ' عريض', tall: ' طويل', plain: '' }
const PLACE = {
  middle: 'في وسط الصورة',
  upper: 'في الجزء العلوي من الصورة',
  lower: 'في الجزء السفلي من الصورة',
  left: 'في الجانب الأيسر من الصورة',
  right: 'في الجانب الأيمن من الصورة',
}
const LIGHT = {
  bright: 'الضوء ساطع والأجواء مرحة.',
  dark: 'الضوء خافت والأجواء هادئة.',
  soft: 'الضوء ناعم والأجواء مريحة.',
}
const SURFACE = { smooth: 'الأسطح ملساء.', lines: 'توجد خطوط دقيقة كثيرة.', edges: 'الحواف واضحة.' }
const FORMAT = {
  wide: 'عرض الصورة أكبر من ارتفاعها.',
  tall: 'ارتفاع الصورة أكبر من عرضها.',
  square: 'عرض الصورة يساوي ارتفاعها.',
}

export function sayArabic(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} شكل${FORM[phrase.form]}${SIZE[phrase.size]} لونه ${COLOUR[phrase.colour][0]}.`
    case 'scattered':
      return `تغطي الصورة أشكال صغيرة كثيرة لونها ${COLOUR[phrase.colour][0]}.`
    case 'pattern':
      return `تملأ الصورة زخرفة دقيقة لونها ${COLOUR[phrase.colour][0]}.`
    case 'bands':
      return `لون الجزء العلوي ${COLOUR[phrase.upper][0]} ولون الجزء السفلي ${COLOUR[phrase.lower][0]}.`
    case 'plain':
      return `لون الصورة كلها ${COLOUR[phrase.colour][0]}.`
    case 'mirror':
      return 'النصف الأيسر يشبه النصف الأيمن.'
    case 'background':
      return `الخلفية ${COLOUR[phrase.colour][1]}.`
    case 'share':
      return `يغطي اللون ال${COLOUR[phrase.colour][0]} ${phrase.percent}٪ من الصورة.`
    case 'others':
      return phrase.second
        ? `الألوان الأخرى هي ال${COLOUR[phrase.first][0]} وال${COLOUR[phrase.second][0]}.`
        : `اللون الآخر هو ال${COLOUR[phrase.first][0]}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

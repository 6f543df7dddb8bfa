import type { Colour, Form, Phrase, Size } from '../phrases.ts'

const COLOUR: Record<Colour, string> = {
  black: 'สีดำ',
  white: 'สีขาว',
  grey: 'สีเทา',
  red: 'สีแดง',
  orange: 'สีส้ม',
  yellow: 'สีเหลือง',
  green: 'สีเขียว',
  blue: 'สีน้ำเงิน',
  purple: 'สีม่วง',
  pink: 'สีชมพู',
  brown: 'สีน้ำตาล',
  turquoise: 'สีฟ้าอมเขียว',
}
const SIZE: Record<Size, string> = { large: 'ขนาดใหญ่', small: 'ขนาดเล็ก', plain: '' }
const FORM: Record<Form, string> = { round: 'ทรงกลม', square: 'ทรงสี่เหลี่ยม', wide: 'ทรงกว้าง', tall: 'ทรงสูง', plain: '' }
const PLACE = {
  middle: 'อยู่ตรงกลางภาพ',
  upper: 'อยู่ด้านบนของภาพ',
  lower: 'อยู่ด้านล่างของภาพ',
  left: 'อยู่ด้านซ้ายของภาพ',
  right: 'อยู่ด้านขวาของภาพ',
}
const LIGHT = {
  bright: 'แสงสว่างและบรรยากาศสดใส',
  dark: 'แสงมืดและบรรยากาศเงียบ',
  soft: 'แสงนุ่มและบรรยากาศสงบ',
}
const SURFACE = { smooth: 'พื้นผิวเรียบ', lines: 'มีเส้นละเอียดมากมาย', edges: 'ขอบคมชัด' }
const FORMAT = {
  wide: 'ภาพมีความกว้างมากกว่าความสูง',
  tall: 'ภาพมีความสูงมากกว่าความกว้าง',
  square: 'ภาพมีความกว้างเท่ากับความสูง',
}

/** Thai has no full stop: sentences are set apart by a space. */
export function sayThai(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `รูป${FORM[phrase.form]}${COLOUR[phrase.colour]}${SIZE[phrase.size]}${PLACE[phrase.place]}`
    case 'scattered':
      return `รูปทรง${COLOUR[phrase.colour]}ขนาดเล็กจำนวนมากกระจายอยู่ทั่วภาพ`
    case 'pattern':
      return `ลวดลายละเอียด${COLOUR[phrase.colour]}เต็มทั้งภาพ`
    case 'bands':
      return `ส่วนบนเป็น${COLOUR[phrase.upper]}และส่วนล่างเป็น${COLOUR[phrase.lower]}`
    case 'plain':
      return `ทั้งภาพเป็น${COLOUR[phrase.colour]}`
    case 'mirror':
      return 'ครึ่งซ้ายคล้ายกับครึ่งขวา'
    case 'background':
      return `พื้นหลังเป็น${COLOUR[phrase.colour]}`
    case 'share':
      return `${COLOUR[phrase.colour]}กินพื้นที่ ${phrase.percent}% ของภาพ`
    case 'others':
      return phrase.second ? `สีอื่นคือ${COLOUR[phrase.first]}และ${COLOUR[phrase.second]}` : `สีอื่นคือ${COLOUR[phrase.first]}`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

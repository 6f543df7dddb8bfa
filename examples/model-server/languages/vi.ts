import type { Colour, Form, Phrase, Size } from '../phrases.ts'

const COLOUR: Record<Colour, string> = {
  black: 'màu đen',
  white: 'màu trắng',
  grey: 'màu xám',
  red: 'màu đỏ',
  orange: 'màu cam',
  yellow: 'màu vàng',
  green: 'màu xanh lá cây',
  blue: 'màu xanh dương',
  purple: 'màu tím',
  pink: 'màu hồng',
  brown: 'màu nâu',
  turquoise: 'màu xanh ngọc',
}
const SIZE: Record<Size, string> = { large: ' lớn', small: ' nhỏ', plain: '' }
const FORM: Record<Form, string> = { round: ' tròn', square: ' vuông', wide: ' rộng', tall: ' cao', plain: '' }
const PLACE = {
  middle: 'Ở giữa bức ảnh',
  upper: 'Ở phần trên của bức ảnh',
  lower: 'Ở phần dưới của bức ảnh',
  left: 'Ở bên trái bức ảnh',
  right: 'Ở bên phải bức ảnh',
}
const LIGHT = {
  bright: 'Ánh sáng rực rỡ và không khí vui tươi.',
  dark: 'Ánh sáng tối và không khí yên tĩnh.',
  soft: 'Ánh sáng dịu và không khí thanh bình.',
}
const SURFACE = { smooth: 'Bề mặt nhẵn.', lines: 'Có nhiều đường nét mảnh.', edges: 'Các cạnh rất rõ.' }
const FORMAT = {
  wide: 'Bức ảnh có chiều ngang lớn hơn chiều cao.',
  tall: 'Bức ảnh có chiều cao lớn hơn chiều ngang.',
  square: 'Bức ảnh có chiều ngang bằng chiều cao.',
}

export function sayVietnamese(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} có một hình${FORM[phrase.form]}${SIZE[phrase.size]} ${COLOUR[phrase.colour]}.`
    case 'scattered':
      return `Nhiều hình nhỏ ${COLOUR[phrase.colour]} phủ khắp bức ảnh.`
    case 'pattern':
      return `Hoa văn tinh tế ${COLOUR[phrase.colour]} phủ kín bức ảnh.`
    case 'bands':
      return `Phần trên có ${COLOUR[phrase.upper]} và phần dưới có ${COLOUR[phrase.lower]}.`
    case 'plain':
      return `Toàn bộ bức ảnh có ${COLOUR[phrase.colour]}.`
    case 'mirror':
      return 'Nửa bên trái giống nửa bên phải.'
    case 'background':
      return `Nền có ${COLOUR[phrase.colour]}.`
    case 'share':
      return `Khoảng ${phrase.percent}% bức ảnh có ${COLOUR[phrase.colour]}.`
    case 'others':
      return phrase.second
        ? `Các màu khác là ${COLOUR[phrase.first]} và ${COLOUR[phrase.second]}.`
        : `Màu khác là ${COLOUR[phrase.first]}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

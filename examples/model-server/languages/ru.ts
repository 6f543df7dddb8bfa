import type { Colour, Form, Phrase, Size } from '../phrases.ts'

/** Masculine and feminine nominative, nominative plural. */
const COLOUR: Record<Colour, readonly [string, string, string]> = {
  black: ['чёрный', 'чёрная', 'чёрные'],
  white: ['белый', 'белая', 'белые'],
  grey: ['серый', 'серая', 'серые'],
  red: ['красный', 'красная', 'красные'],
  orange: ['оранжевый', 'оранжевая', 'оранжевые'],
  yellow: ['жёлтый', 'жёлтая', 'жёлтые'],
  green: ['зелёный', 'зелёная', 'зелёные'],
  blue: ['синий', 'синяя', 'синие'],
  purple: ['фиолетовый', 'фиолетовая', 'фиолетовые'],
  pink: ['розовый', 'розовая', 'розовые'],
  brown: ['коричневый', 'коричневая', 'коричневые'],
  turquoise: ['бирюзовый', 'бирюзовая', 'бирюзовые'],
}
const SIZE: Record<Size, string> = { large: 'большая ', small: 'маленькая ', plain: '' }
const FORM: Record<Form, string> = {
  round: 'круглая ',
  square: 'квадратная ',
  wide: 'широкая ',
  tall: 'высокая ',
  plain: '',
}
const PLACE = {
  middle: 'В середине изображения',
  upper: 'В верхней части изображения',
  lower: 'В нижней части изображения',
  left: 'В левой части изображения',
  right: 'В правой части изображения',
}
const LIGHT = {
  bright: 'Свет яркий, настроение радостное.',
  dark: 'Свет тусклый, настроение тихое.',
  soft: 'Свет мягкий, настроение спокойное.',
}
const SURFACE = { smooth: 'Поверхности гладкие.', lines: 'Видно много тонких линий.', edges: 'Края чёткие.' }
const FORMAT = {
  wide: 'Ширина изображения больше высоты.',
  tall: 'Высота изображения больше ширины.',
  square: 'Ширина изображения равна высоте.',
}

export function sayRussian(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} находится ${SIZE[phrase.size]}${FORM[phrase.form]}${COLOUR[phrase.colour][1]} фигура.`
    case 'scattered':
      return `Всё изображение покрывают маленькие ${COLOUR[phrase.colour][2]} фигуры.`
    case 'pattern':
      return `Всё изображение заполняет мелкий ${COLOUR[phrase.colour][0]} узор.`
    case 'bands':
      return `Верхняя часть ${COLOUR[phrase.upper][1]}, а нижняя часть ${COLOUR[phrase.lower][1]}.`
    case 'plain':
      return `Цвет всего изображения ${COLOUR[phrase.colour][0]}.`
    case 'mirror':
      return 'Левая половина похожа на правую.'
    case 'background':
      return `Фон ${COLOUR[phrase.colour][0]}.`
    case 'share':
      return `${capital(COLOUR[phrase.colour][0])} цвет занимает ${phrase.percent} % изображения.`
    case 'others':
      return phrase.second
        ? `Другие цвета: ${COLOUR[phrase.first][0]} и ${COLOUR[phrase.second][0]}.`
        : `Другой цвет: ${COLOUR[phrase.first][0]}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

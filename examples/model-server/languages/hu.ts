import type { Colour, Form, Phrase, Size } from '../phrases.ts'

const COLOUR: Record<Colour, string> = {
  black: 'fekete',
  white: 'fehér',
  grey: 'szürke',
  red: 'piros',
  orange: 'narancssárga',
  yellow: 'sárga',
  green: 'zöld',
  blue: 'kék',
  purple: 'lila',
  pink: 'rózsaszín',
  brown: 'barna',
  turquoise: 'türkizkék',
}
const SIZE: Record<Size, string> = { large: 'nagy ', small: 'kis ', plain: '' }
const FORM: Record<Form, string> = { round: 'kerek ', square: 'szögletes ', wide: 'széles ', tall: 'magas ', plain: '' }
const PLACE = {
  middle: 'A kép közepén',
  upper: 'A kép felső részén',
  lower: 'A kép alsó részén',
  left: 'A kép bal oldalán',
  right: 'A kép jobb oldalán',
}
const LIGHT = {
  bright: 'A fény erős, a hangulat vidám.',
  dark: 'A fény gyenge, a hangulat csendes.',
  soft: 'A fény lágy, a hangulat nyugodt.',
}
const SURFACE = { smooth: 'A felületek simák.', lines: 'Sok finom vonal látható.', edges: 'Az élek tiszták.' }
const FORMAT = {
  wide: 'A kép szélesebb, mint amilyen magas.',
  tall: 'A kép magasabb, mint amilyen széles.',
  square: 'A kép ugyanolyan széles, mint amilyen magas.',
}

export function sayHungarian(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} egy ${SIZE[phrase.size]}${FORM[phrase.form]}${COLOUR[phrase.colour]} alakzat van.`
    case 'scattered':
      return `A képet sok kis ${COLOUR[phrase.colour]} alakzat borítja.`
    case 'pattern':
      return `A képet finom ${COLOUR[phrase.colour]} minta tölti ki.`
    case 'bands':
      return `A felső rész ${COLOUR[phrase.upper]}, az alsó rész ${COLOUR[phrase.lower]}.`
    case 'plain':
      return `Az egész kép ${COLOUR[phrase.colour]}.`
    case 'mirror':
      return 'A bal fele hasonlít a jobb felére.'
    case 'background':
      return `A háttér ${COLOUR[phrase.colour]}.`
    case 'share':
      return `A ${COLOUR[phrase.colour]} szín a kép ${phrase.percent}%-át borítja.`
    case 'others':
      return phrase.second
        ? `A többi szín ${COLOUR[phrase.first]} és ${COLOUR[phrase.second]}.`
        : `A másik szín ${COLOUR[phrase.first]}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

import type { Colour, Form, Phrase, Size } from '../phrases.ts'

const STEM: Record<Colour, string> = {
  black: 'čern',
  white: 'bíl',
  grey: 'šed',
  red: 'červen',
  orange: 'oranžov',
  yellow: 'žlut',
  green: 'zelen',
  blue: 'modr',
  purple: 'fialov',
  pink: 'růžov',
  brown: 'hněd',
  turquoise: 'tyrkysov',
}
const SIZE: Record<Size, string> = { large: 'velký ', small: 'malý ', plain: '' }
const FORM: Record<Form, string> = { round: 'kulatý ', square: 'hranatý ', wide: 'široký ', tall: 'vysoký ', plain: '' }
const PLACE = {
  middle: 'Uprostřed obrázku',
  upper: 'V horní části obrázku',
  lower: 'V dolní části obrázku',
  left: 'Na levé straně obrázku',
  right: 'Na pravé straně obrázku',
}
const LIGHT = {
  bright: 'Světlo je jasné a nálada je veselá.',
  dark: 'Světlo je tmavé a nálada je tichá.',
  soft: 'Světlo je měkké a nálada je klidná.',
}
const SURFACE = { smooth: 'Povrch je hladký.', lines: 'Je tu mnoho jemných čar.', edges: 'Okraje jsou ostré.' }
const FORMAT = {
  wide: 'Šířka obrázku je větší než jeho výška.',
  tall: 'Výška obrázku je větší než jeho šířka.',
  square: 'Obrázek je stejně široký jako vysoký.',
}

export function sayCzech(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} je ${SIZE[phrase.size]}${FORM[phrase.form]}${STEM[phrase.colour]}ý tvar.`
    case 'scattered':
      return `Obrázek pokrývá mnoho malých tvarů, jejich barva je ${STEM[phrase.colour]}á.`
    case 'pattern':
      return `Obrázek vyplňuje jemný ${STEM[phrase.colour]}ý vzor.`
    case 'bands':
      return `Horní část je ${STEM[phrase.upper]}á a dolní část je ${STEM[phrase.lower]}á.`
    case 'plain':
      return `Celý obrázek je ${STEM[phrase.colour]}ý.`
    case 'mirror':
      return 'Levá polovina se podobá pravé polovině.'
    case 'background':
      return `Pozadí je ${STEM[phrase.colour]}é.`
    case 'share':
      return `${capital(STEM[phrase.colour])}á barva pokrývá ${phrase.percent} % obrázku.`
    case 'others':
      return phrase.second
        ? `Dalšími barvami jsou ${STEM[phrase.first]}á a ${STEM[phrase.second]}á.`
        : `Další barvou je ${STEM[phrase.first]}á.`
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

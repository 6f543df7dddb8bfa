import type { Colour, Form, Phrase, Size } from '../phrases.ts'

/** Definite masculine form, which is also the plural; the feminine ends in -a. */
const COLOUR: Record<Colour, string> = {
  black: 'crni',
  white: 'beli',
  grey: 'sivi',
  red: 'crveni',
  orange: 'narandžasti',
  yellow: 'žuti',
  green: 'zeleni',
  blue: 'plavi',
  purple: 'ljubičasti',
  pink: 'ružičasti',
  brown: 'smeđi',
  turquoise: 'tirkizni',
}
const SIZE: Record<Size, string> = { large: 'veliki ', small: 'mali ', plain: '' }
const FORM: Record<Form, string> = {
  round: 'okrugli ',
  square: 'četvrtasti ',
  wide: 'široki ',
  tall: 'visoki ',
  plain: '',
}
const PLACE = {
  middle: 'U sredini slike',
  upper: 'U gornjem delu slike',
  lower: 'U donjem delu slike',
  left: 'Na levoj strani slike',
  right: 'Na desnoj strani slike',
}
const LIGHT = {
  bright: 'Svetlost je jaka, a raspoloženje je veselo.',
  dark: 'Svetlost je slaba, a raspoloženje je tiho.',
  soft: 'Svetlost je meka, a raspoloženje je mirno.',
}
const SURFACE = { smooth: 'Površine su glatke.', lines: 'Vidi se mnogo tankih linija.', edges: 'Ivice su oštre.' }
const FORMAT = {
  wide: 'Širina slike je veća od visine.',
  tall: 'Visina slike je veća od širine.',
  square: 'Širina slike je jednaka visini.',
}

export function saySerbianLatin(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} je ${SIZE[phrase.size]}${FORM[phrase.form]}${COLOUR[phrase.colour]} oblik.`
    case 'scattered':
      return `Celu sliku pokrivaju mali ${COLOUR[phrase.colour]} oblici.`
    case 'pattern':
      return `Celu sliku ispunjava sitni ${COLOUR[phrase.colour]} uzorak.`
    case 'bands':
      return `Gornji deo je ${COLOUR[phrase.upper]}, a donji deo je ${COLOUR[phrase.lower]}.`
    case 'plain':
      return `Boja cele slike je ${feminine(phrase.colour)}.`
    case 'mirror':
      return 'Leva polovina je slična desnoj polovini.'
    case 'background':
      return `Pozadina je ${feminine(phrase.colour)}.`
    case 'share':
      return `${capital(feminine(phrase.colour))} boja pokriva ${phrase.percent} % slike.`
    case 'others':
      return phrase.second
        ? `Druge boje su ${feminine(phrase.first)} i ${feminine(phrase.second)}.`
        : `Druga boja je ${feminine(phrase.first)}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

export function saySerbianCyrillic(phrase: Phrase): string {
  return toCyrillic(saySerbianLatin(phrase))
}

function feminine(colour: Colour): string {
  return `${COLOUR[colour].slice(0, -1)}a`
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const PAIRS: Record<string, string> = { lj: 'љ', nj: 'њ', dž: 'џ' }
const LATIN = 'abvgdđežzijklmnoprstćufhcčš'
const CYRILLIC = 'абвгдђежзијклмнопрстћуфхцчш'

/** Gaj's Latin to Serbian Cyrillic, letter by letter; lj, nj and dž are one letter each. */
function toCyrillic(text: string): string {
  const digraphs = text.replace(/lj|nj|dž|L[jJ]|N[jJ]|D[žŽ]/g, (pair) => {
    const letter = PAIRS[pair.toLowerCase()] ?? pair
    return pair.charAt(0) === pair.charAt(0).toLowerCase() ? letter : letter.toUpperCase()
  })
  return digraphs.replace(/[a-zđžćčš]/gi, (letter) => {
    const index = LATIN.indexOf(letter.toLowerCase())
    const found = index < 0 ? letter : CYRILLIC.charAt(index)
    return letter === letter.toLowerCase() ? found : found.toUpperCase()
  })
}

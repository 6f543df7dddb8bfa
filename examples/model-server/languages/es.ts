import type { Colour, Form, Phrase, Size } from '../phrases.ts'

/** Feminine form, which agrees with figura, parte and imagen. */
const COLOUR: Record<Colour, string> = {
  black: 'negra',
  white: 'blanca',
  grey: 'gris',
  red: 'roja',
  orange: 'naranja',
  yellow: 'amarilla',
  green: 'verde',
  blue: 'azul',
  purple: 'morada',
  pink: 'rosada',
  brown: 'marrón',
  turquoise: 'turquesa',
}
const SIZE: Record<Size, string> = { large: 'gran ', small: 'pequeña ', plain: '' }
const FORM: Record<Form, string> = { round: ' redonda', square: ' cuadrada', wide: ' ancha', tall: ' alta', plain: '' }
const PLACE = {
  middle: 'En el centro de la imagen',
  upper: 'En la parte superior de la imagen',
  lower: 'En la parte inferior de la imagen',
  left: 'En el lado izquierdo de la imagen',
  right: 'En el lado derecho de la imagen',
}
const LIGHT = {
  bright: 'La luz es clara y el ambiente es alegre.',
  dark: 'La luz es oscura y el ambiente es silencioso.',
  soft: 'La luz es suave y el ambiente es tranquilo.',
}
const SURFACE = {
  smooth: 'Las superficies son lisas.',
  lines: 'Hay muchas líneas finas.',
  edges: 'Los bordes son nítidos.',
}
const FORMAT = {
  wide: 'La imagen es más ancha que alta.',
  tall: 'La imagen es más alta que ancha.',
  square: 'La imagen es tan ancha como alta.',
}

export function saySpanish(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} hay una ${SIZE[phrase.size]}figura${FORM[phrase.form]} ${COLOUR[phrase.colour]}.`
    case 'scattered':
      return `Muchas figuras pequeñas de color ${COLOUR[phrase.colour]} cubren la imagen.`
    case 'pattern':
      return `Una trama fina y ${COLOUR[phrase.colour]} llena la imagen.`
    case 'bands':
      return `La parte superior es ${COLOUR[phrase.upper]} y la parte inferior es ${COLOUR[phrase.lower]}.`
    case 'plain':
      return `Toda la imagen es ${COLOUR[phrase.colour]}.`
    case 'mirror':
      return 'La mitad izquierda se parece a la mitad derecha.'
    case 'background':
      return `El fondo es de una tonalidad ${COLOUR[phrase.colour]}.`
    case 'share':
      return `La zona ${COLOUR[phrase.colour]} cubre el ${phrase.percent} % de la imagen.`
    case 'others':
      return phrase.second
        ? `Otras zonas son ${COLOUR[phrase.first]} y ${COLOUR[phrase.second]}.`
        : `Otra zona es ${COLOUR[phrase.first]}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

import type { Form, Phrase, Size } from '../phrases.ts'

const SIZE: Record<Size, string> = { large: 'large ', small: 'small ', plain: '' }
const FORM: Record<Form, string> = { round: 'round ', square: 'square ', wide: 'wide ', tall: 'tall ', plain: '' }
const PLACE = {
  middle: 'in the middle of the picture',
  upper: 'in the upper part of the picture',
  lower: 'in the lower part of the picture',
  left: 'on the left side of the picture',
  right: 'on the right side of the picture',
}
const LIGHT = {
  bright: 'The light is bright and the mood is happy.',
  dark: 'The light is dark and the mood is quiet.',
  soft: 'The light is soft and the mood is calm.',
}
const SURFACE = {
  smooth: 'The surfaces are smooth.',
  lines: 'There are many fine lines.',
  edges: 'The edges are clear.',
}
const FORMAT = {
  wide: 'The picture is wider than it is tall.',
  tall: 'The picture is taller than it is wide.',
  square: 'The picture is as wide as it is tall.',
}

export function sayEnglish(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape': {
      const words = `${SIZE[phrase.size]}${FORM[phrase.form]}${phrase.colour} shape`
      return `${/^[aeiou]/.test(words) ? 'An' : 'A'} ${words} is ${PLACE[phrase.place]}.`
    }
    case 'scattered':
      return `Many small ${phrase.colour} shapes cover the picture.`
    case 'pattern':
      return `A fine ${phrase.colour} pattern fills the picture.`
    case 'bands':
      return `The upper part is ${phrase.upper} and the lower part is ${phrase.lower}.`
    case 'plain':
      return `The whole picture is ${phrase.colour}.`
    case 'mirror':
      return 'The left half is similar to the right half.'
    case 'background':
      return `The background is ${phrase.colour}.`
    case 'share':
      return `The colour ${phrase.colour} covers ${phrase.percent}% of the picture.`
    case 'others':
      return phrase.second
        ? `The other colours are ${phrase.first} and ${phrase.second}.`
        : `The other colour is ${phrase.first}.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}

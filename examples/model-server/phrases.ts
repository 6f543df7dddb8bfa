/** The closed vocabulary of the example models: what they can see, and therefore say, of a picture. */

export const COLOURS = [
  'black',
  'white',
  'grey',
  'red',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'brown',
  'turquoise',
] as const
export type Colour = (typeof COLOURS)[number]

export const SIZES = ['large', 'small', 'plain'] as const
export const FORMS = ['round', 'square', 'wide', 'tall', 'plain'] as const
export const PLACES = ['middle', 'upper', 'lower', 'left', 'right'] as const
export const LIGHTS = ['bright', 'dark', 'soft'] as const
export const SURFACES = ['smooth', 'lines', 'edges'] as const
export const FORMATS = ['wide', 'tall', 'square'] as const

export type Size = (typeof SIZES)[number]
export type Form = (typeof FORMS)[number]
export type Place = (typeof PLACES)[number]
export type Light = (typeof LIGHTS)[number]
export type Surface = (typeof SURFACES)[number]
export type Format = (typeof FORMATS)[number]

export type Phrase =
  | { kind: 'shape'; size: Size; form: Form; colour: Colour; place: Place }
  | { kind: 'scattered'; colour: Colour }
  | { kind: 'pattern'; colour: Colour }
  | { kind: 'bands'; upper: Colour; lower: Colour }
  | { kind: 'plain'; colour: Colour }
  | { kind: 'mirror' }
  | { kind: 'background'; colour: Colour }
  | { kind: 'share'; colour: Colour; percent: number }
  | { kind: 'others'; first: Colour; second: Colour | null }
  | { kind: 'light'; light: Light }
  | { kind: 'surface'; surface: Surface }
  | { kind: 'format'; format: Format }

/** Says one phrase as one sentence, with its full stop where the script has one. */
export type Speaker = (phrase: Phrase) => string

/** Every phrase that can be said, so that a sentence can be looked up and translated by its meaning. */
export function* allPhrases(): Generator<Phrase> {
  for (const colour of COLOURS) {
    for (const size of SIZES) {
      for (const form of FORMS) {
        for (const place of PLACES) yield { kind: 'shape', size, form, colour, place }
      }
    }
    yield { kind: 'scattered', colour }
    yield { kind: 'pattern', colour }
    yield { kind: 'plain', colour }
    yield { kind: 'background', colour }
    yield { kind: 'others', first: colour, second: null }
    for (const other of COLOURS) {
      if (other === colour) continue
      yield { kind: 'bands', upper: colour, lower: other }
      yield { kind: 'others', first: colour, second: other }
    }
    for (let percent = 0; percent <= 100; percent += 5) yield { kind: 'share', colour, percent }
  }
  yield { kind: 'mirror' }
  for (const light of LIGHTS) yield { kind: 'light', light }
  for (const surface of SURFACES) yield { kind: 'surface', surface }
  for (const format of FORMATS) yield { kind: 'format', format }
}

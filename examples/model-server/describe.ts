import { SIDE, type Features } from './features.ts'
import { COLOURS, type Colour, type Form, type Phrase, type Place, type Size } from './phrases.ts'

/** What stands out from the background: the largest connected part, and how many parts there are. */
interface Parts {
  count: number
  area: number
  left: number
  right: number
  top: number
  bottom: number
  cells: number[]
}

/** Says what is in the pixels: subject, state, background, mood and details, each as phrases. */
export function describe(
  features: Features,
): Record<'subject' | 'state' | 'background' | 'mood' | 'details', Phrase[]> {
  const { cells } = features
  const shares = sharesOf(cells, everyCell())
  const background = dominant(cells, border())
  const subject = subjectOf(features, background, shares)
  const said = new Set<Colour>([background, ...coloursOf(subject)])
  const others = shares.filter(({ colour, share }) => share >= 0.05 && !said.has(colour)).map(({ colour }) => colour)
  const top = shares[0] ?? { colour: background, share: 1 }
  return {
    subject: [subject],
    state: [
      { kind: 'share', colour: top.colour, percent: Math.round(top.share * 20) * 5 },
      ...(features.asymmetry < 6 ? [{ kind: 'mirror' } as const] : []),
    ],
    background: [
      ...(subject.kind === 'plain' || subject.kind === 'bands'
        ? []
        : [{ kind: 'background', colour: background } as const]),
      ...(others[0] ? [{ kind: 'others', first: others[0], second: others[1] ?? null } as const] : []),
    ],
    mood: [{ kind: 'light', light: features.brightness > 165 ? 'bright' : features.brightness < 85 ? 'dark' : 'soft' }],
    details: [
      { kind: 'surface', surface: features.roughness < 5 ? 'smooth' : features.roughness > 18 ? 'lines' : 'edges' },
      { kind: 'format', format: formatOf(features) },
    ],
  }
}

function subjectOf(features: Features, background: Colour, shares: { colour: Colour; share: number }[]): Phrase {
  const { cells } = features
  const bands = bandsOf(cells)
  if (bands) return bands
  const parts = partsOf(cells, COLOURS.indexOf(background))
  if (!parts || parts.area < 12) return { kind: 'plain', colour: background }
  const colour = dominant(cells, parts.cells)
  const share = parts.area / (SIDE * SIDE)
  if (parts.count >= 8 && share < 0.12) return { kind: 'scattered', colour }
  if (features.roughness > 24 && share > 0.5) return { kind: 'pattern', colour: shares[0]?.colour ?? colour }
  return { kind: 'shape', size: sizeOf(share), form: formOf(parts, features), colour, place: placeOf(parts) }
}

/** Upper and lower third that each have one clear colour, over the whole width, and not the same one. */
function bandsOf(cells: Uint8Array): Phrase | null {
  const third = Math.floor(SIDE / 3) * SIDE
  const upper = sharesOf(cells, range(0, third))[0]
  const lower = sharesOf(cells, range(SIDE * SIDE - third, SIDE * SIDE))[0]
  if (!upper || !lower || upper.share < 0.7 || lower.share < 0.7 || upper.colour === lower.colour) return null
  return { kind: 'bands', upper: upper.colour, lower: lower.colour }
}

/** Connected parts (four neighbours) of everything that has not the background's colour; the largest one. */
function partsOf(cells: Uint8Array, background: number): Parts | null {
  const seen = new Uint8Array(cells.length)
  let count = 0
  let best: number[] = []
  for (let start = 0; start < cells.length; start++) {
    if (seen[start] === 1 || cells[start] === background) continue
    const part = flood(cells, background, start, seen)
    if (part.length >= 4) count++
    if (part.length > best.length) best = part
  }
  if (best.length === 0) return null
  const xs = best.map((cell) => cell % SIDE)
  const ys = best.map((cell) => Math.floor(cell / SIDE))
  return {
    count,
    area: best.length,
    cells: best,
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
  }
}

function flood(cells: Uint8Array, background: number, start: number, seen: Uint8Array): number[] {
  const part = [start]
  seen[start] = 1
  for (let next = 0; next < part.length; next++) {
    const cell = part[next] ?? 0
    const x = cell % SIDE
    for (const to of [x > 0 ? cell - 1 : -1, x < SIDE - 1 ? cell + 1 : -1, cell - SIDE, cell + SIDE]) {
      if (to < 0 || to >= cells.length || seen[to] === 1 || cells[to] === background) continue
      seen[to] = 1
      part.push(to)
    }
  }
  return part
}

function formOf(parts: Parts, features: Features): Form {
  const wide = ((parts.right - parts.left + 1) / SIDE) * features.width
  const tall = ((parts.bottom - parts.top + 1) / SIDE) * features.height
  const fill = parts.area / ((parts.right - parts.left + 1) * (parts.bottom - parts.top + 1))
  const aspect = wide / Math.max(tall, 1)
  if (aspect > 1.5) return 'wide'
  if (aspect < 0.67) return 'tall'
  // A disc fills pi/4 of its box, a square all of it.
  if (fill > 0.7 && fill < 0.87) return 'round'
  return fill >= 0.87 ? 'square' : 'plain'
}

function sizeOf(share: number): Size {
  if (share > 0.25) return 'large'
  return share < 0.08 ? 'small' : 'plain'
}

function placeOf(parts: Parts): Place {
  const x = (parts.left + parts.right) / 2 / (SIDE - 1) - 0.5
  const y = (parts.top + parts.bottom) / 2 / (SIDE - 1) - 0.5
  if (Math.max(Math.abs(x), Math.abs(y)) < 0.12) return 'middle'
  if (Math.abs(y) >= Math.abs(x)) return y < 0 ? 'upper' : 'lower'
  return x < 0 ? 'left' : 'right'
}

function formatOf({ width, height }: Features): 'wide' | 'tall' | 'square' {
  if (width > height * 1.05) return 'wide'
  return height > width * 1.05 ? 'tall' : 'square'
}

function coloursOf(phrase: Phrase): Colour[] {
  if (phrase.kind === 'bands') return [phrase.upper, phrase.lower]
  return 'colour' in phrase ? [phrase.colour] : []
}

function sharesOf(cells: Uint8Array, where: readonly number[]): { colour: Colour; share: number }[] {
  const counts = COLOURS.map((colour) => ({ colour, count: 0 }))
  for (const cell of where) {
    const entry = counts[cells[cell] ?? 0]
    if (entry) entry.count++
  }
  return counts
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ colour, count }) => ({ colour, share: count / where.length }))
}

function dominant(cells: Uint8Array, where: readonly number[]): Colour {
  return sharesOf(cells, where)[0]?.colour ?? 'white'
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function everyCell(): number[] {
  return range(0, SIDE * SIDE)
}

/** The outer ring, four cells wide. */
function border(): number[] {
  return everyCell().filter((cell) => {
    const x = cell % SIDE
    const y = Math.floor(cell / SIDE)
    return Math.min(x, y, SIDE - 1 - x, SIDE - 1 - y) < 4
  })
}

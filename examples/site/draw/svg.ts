/** Numbers that look random and are the same on every machine: a 32-bit linear congruential generator. */
export interface Dice {
  /** From `low` up to, not including, `high`. */
  between: (low: number, high: number) => number
  whole: (low: number, high: number) => number
  pick: <T>(items: readonly T[]) => T
}

export function createDice(seed: string): Dice {
  let state = 0x811c9dc5
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 0x1000000
  }
  // The first numbers of near seeds are near each other.
  for (let i = 0; i < 8; i++) next()
  const between = (low: number, high: number) => Math.round((low + (high - low) * next()) * 10) / 10
  return {
    between,
    whole: (low, high) => low + Math.floor((high - low) * next()),
    pick: (items) => items[Math.floor(items.length * next())] as (typeof items)[number],
  }
}

export function rect(x: number, y: number, width: number, height: number, fill: string, extra = ''): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${extra}/>`
}

export function disc(x: number, y: number, r: number, fill: string, extra = ''): string {
  return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" ${extra}/>`
}

export function oval(x: number, y: number, rx: number, ry: number, fill: string, extra = ''): string {
  return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}" ${extra}/>`
}

export function shape(points: string, fill: string, extra = ''): string {
  return `<polygon points="${points}" fill="${fill}" ${extra}/>`
}

export function path(d: string, fill: string, extra = ''): string {
  return `<path d="${d}" fill="${fill}" ${extra}/>`
}

export function line(d: string, colour: string, width: number): string {
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/>`
}

export function times(count: number, draw: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => draw(i)).join('')
}

/** Sky over ground, which meet at `horizon`. */
export function land(sky: string, ground: string, horizon: number): string {
  return rect(0, 0, 320, 240, sky) + rect(0, horizon, 320, 240 - horizon, ground)
}

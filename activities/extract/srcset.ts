/** One image candidate string of a `srcset`, as written: `url` is not resolved. */
export interface SrcsetSource {
  url: string
  /** Pixel density (`2x`). */
  density?: number
  /** Width in pixels (`640w`). */
  width?: number
  /** Height in pixels (`480h`), only beside a width. */
  height?: number
}

const SPACE = new Set(['\t', '\n', '\f', '\r', ' '])
const SPACE_OR_COMMA = new Set([...SPACE, ','])

/** The HTML standard's "valid non-negative integer" and "valid floating-point number". Both are linear. */
const INTEGER = /^\d+$/
const NUMBER = /^-?(?:\d+|\d*\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Parses a `srcset` attribute by the WHATWG algorithm (html.spec.whatwg.org, "parse a srcset attribute"): commas
 * inside URLs, parentheses in descriptors, an unknown descriptor or `w` with `x` drops the candidate, `h` needs `w`.
 * Linear in the length of the input; never throws.
 */
export function parseSrcset(input: string): SrcsetSource[] {
  const sources: SrcsetSource[] = []
  let position = 0
  for (;;) {
    position = skip(input, position, SPACE_OR_COMMA)
    if (position >= input.length) return sources
    const end = find(input, position, SPACE)
    const raw = input.slice(position, end)
    const url = stripTrailingCommas(raw)
    position = end
    let descriptors: string[] = []
    if (url.length === raw.length) ({ descriptors, position } = readDescriptors(input, end))
    const source = withDescriptors(url, descriptors)
    if (source !== null) sources.push(source)
  }
}

/** The largest source: greatest width, else greatest density (none counts as 1); of equals the first. */
export function bestSource<T extends SrcsetSource>(sources: readonly T[]): T | null {
  let best: T | null = null
  for (const source of sources) if (best === null || isLarger(source, best)) best = source
  return best
}

/** A width beats any density: it is the only descriptor that says pixels. */
export function isLarger(a: SrcsetSource, b: SrcsetSource): boolean {
  const byWidth = (a.width ?? 0) - (b.width ?? 0)
  return byWidth === 0 ? (a.density ?? 1) > (b.density ?? 1) : byWidth > 0
}

function skip(input: string, from: number, set: Set<string>): number {
  let position = from
  while (position < input.length && set.has(input.charAt(position))) position++
  return position
}

function find(input: string, from: number, set: Set<string>): number {
  let position = from
  while (position < input.length && !set.has(input.charAt(position))) position++
  return position
}

function stripTrailingCommas(url: string): string {
  let end = url.length
  while (end > 0 && url[end - 1] === ',') end--
  return url.slice(0, end)
}

/** The standard's descriptor tokeniser: splits at white space, ends at a comma outside parentheses. */
function readDescriptors(input: string, from: number): { descriptors: string[]; position: number } {
  const descriptors: string[] = []
  let start = from
  let inParentheses = false
  let position = from
  const close = () => {
    if (position > start) descriptors.push(input.slice(start, position))
    start = position + 1
  }
  for (; position < input.length; position++) {
    const char = input.charAt(position)
    if (inParentheses) {
      if (char === ')') inParentheses = false
    } else if (char === '(') {
      inParentheses = true
    } else if (char === ',') {
      close()
      return { descriptors, position: position + 1 }
    } else if (SPACE.has(char)) {
      close()
    }
  }
  close()
  return { descriptors, position }
}

/** Null when the descriptors are in error, which drops the candidate. */
function withDescriptors(url: string, descriptors: string[]): SrcsetSource | null {
  const source: SrcsetSource = { url }
  for (const descriptor of descriptors) {
    const value = descriptor.slice(0, -1)
    const name = ({ w: 'width', x: 'density', h: 'height' } as const)[descriptor.slice(-1)]
    if (name === undefined || source[name] !== undefined || !isValid(name, value)) return null
    source[name] = Number(value)
  }
  if (source.density !== undefined && (source.width !== undefined || source.height !== undefined)) return null
  return source.height !== undefined && source.width === undefined ? null : source
}

function isValid(name: 'width' | 'density' | 'height', value: string): boolean {
  if (name === 'density') return NUMBER.test(value) && Number(value) >= 0
  return INTEGER.test(value) && Number(value) > 0
}

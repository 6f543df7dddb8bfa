/**
 * Paths and rule patterns in one form in which they can be compared octet by octet (RFC 9309 2.2.2): octets outside
 * printable ASCII percent-encoded, encoded unreserved characters decoded, hex digits in upper case.
 */

/**
 * Kept as they are when unencoded. Not among them: `*` and `$`, which mean something in a pattern and are `%2A` and
 * `%24` in a path, and `'`, which URL parsing encodes in a query and leaves in a path.
 */
const PLAIN = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!&()+,;=:@/?[]')

const UNRESERVED = /^[A-Za-z0-9\-._~]$/

/** The comparable form of a URL's path and query. `text` holds one character per byte. */
export function comparablePath(text: string): string {
  return normalise(text, false)
}

/** A rule's pattern, ready to match: the literal pieces between its wildcards. */
export interface Pattern {
  pieces: string[]
  /** `$`: the last piece ends the path. */
  anchored: boolean
  /** Octets of the comparable form: the most octets win. */
  octets: number
  /** Octets that a matching path has at least. */
  literals: number
}

export function parsePattern(comparable: string): Pattern {
  const anchored = comparable.endsWith('$')
  const pieces = (anchored ? comparable.slice(0, -1) : comparable).split('*')
  const literals = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return { pieces, anchored, octets: comparable.length, literals }
}

/** The comparable form of a rule's value: as of a path, with `*` and a final `$` kept. */
export function comparablePattern(text: string): string {
  return normalise(text, true).replace(/\*+/g, '*')
}

/** Whether a comparable path matches. The leftmost place for each piece in turn suffices, so there is no going back. */
export function matches(pattern: Pattern, path: string): boolean {
  if (pattern.literals > path.length) return false
  const { pieces, anchored } = pattern
  const [first = '', ...rest] = pieces
  if (!path.startsWith(first)) return false
  let at = first.length
  if (rest.length === 0) return !anchored || at === path.length
  const last = anchored ? rest.pop() : undefined
  for (const piece of rest) {
    const found = path.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return last === undefined || (path.length - last.length >= at && path.endsWith(last))
}

function normalise(text: string, isPattern: boolean): string {
  let out = ''
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i)
    const hex = char === '%' ? text.slice(i + 1, i + 3) : ''
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      out += decodedIfUnreserved(hex)
      i += 2
    } else if (PLAIN.has(char) || (isPattern && isMeta(text, i))) {
      out += char
    } else {
      out += `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    }
  }
  return out
}

const isMeta = (text: string, at: number) => text[at] === '*' || (text[at] === '$' && at === text.length - 1)

function decodedIfUnreserved(hex: string): string {
  const char = String.fromCharCode(Number.parseInt(hex, 16))
  return UNRESERVED.test(char) ? char : `%${hex.toUpperCase()}`
}

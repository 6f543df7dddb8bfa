/** Equal path segments in a row, or equal pairs, that a path may have (Heritrix: two; BUbiNG: fewer than three). */
const MAX_REPEATS = 2
/** Numbers repeat by themselves: /2011/11/11, tiles. */
const MAX_NUMBER_REPEATS = 4
/** Heritrix' TooManyPathSegments. */
const MAX_SEGMENTS = 20
/** Parameters of one query; forms with more are searches. */
const MAX_PARAMETERS = 20
/** Times that an address was put into the query of another one: each time its `%` became `%25`. */
const DEEP_ENCODING = '%252525'
const MAX_BRANCH_KEYS = 4
const MAX_BRANCH_CHARS = 64

/** What a page's branch begins with when no admission may take it; the reason follows. */
export const TRAP_MARK = '!'

/**
 * The part of a host that a page belongs to, for the yield of each part: the first path segment with digits written as
 * `0`, and the names of the query's parameters. A URL that only a trap makes gets `!` and the reason instead. Decided by
 * the canonical URL alone; linear in its length.
 */
export function branchOf(url: string): string {
  const { pathname, search } = new URL(url)
  const segments = pathname.split('/').filter((part) => part !== '')
  const keys = search.slice(1).split('&')
  const trap = trapOf(segments, keys.length, search)
  if (trap !== null) return `${TRAP_MARK}${trap}`
  const names = [...new Set(keys.map((pair) => withoutDigits(pair.split('=')[0] ?? '')))].filter((name) => name !== '')
  const query = names.length === 0 ? '' : `?${names.toSorted().slice(0, MAX_BRANCH_KEYS).join('&')}`
  return `/${withoutDigits((segments[0] ?? '').split(';')[0] ?? '')}${query}`.slice(0, MAX_BRANCH_CHARS)
}

function trapOf(segments: readonly string[], parameters: number, search: string): string | null {
  if (segments.length > MAX_SEGMENTS) return `more than ${MAX_SEGMENTS} path segments`
  if (repeats(segments, 1)) return 'a path segment repeats itself'
  if (repeats(segments, 2) || repeats(segments, 3)) return 'a part of the path repeats itself'
  if (parameters > MAX_PARAMETERS) return `more than ${MAX_PARAMETERS} query parameters`
  if (search.includes(DEEP_ENCODING)) return 'addresses inside addresses in the query'
  return null
}

/** Whether a run of `size` segments stands more often in a row than chance would have it. */
function repeats(segments: readonly string[], size: number): boolean {
  let equal = 0
  for (let at = size; at < segments.length; at += 1) {
    equal = segments[at] === segments[at - size] ? equal + 1 : 0
    const isNumber = segments.slice(at - size + 1, at + 1).every((segment) => /^\d+$/.test(segment))
    if (equal >= (isNumber ? MAX_NUMBER_REPEATS : MAX_REPEATS) * size) return true
  }
  return false
}

const withoutDigits = (text: string) => text.replace(/\d+/g, '0')

/** Names longer than this are not compared: the table is quadratic. */
const MAX_COMPARED_CHARS = 80

/** The valid name closest to `name` by edit distance, null when none is near enough to be what was meant (a third of its length). */
export function nearestName(name: string, valid: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of valid) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Levenshtein's distance, adjacent swaps counted as one; Infinity for overlong names. */
export function editDistance(a: string, b: string): number {
  if (a.length > MAX_COMPARED_CHARS || b.length > MAX_COMPARED_CHARS) return a === b ? 0 : Infinity
  let previous: number[] = []
  let current = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const beforePrevious = previous
    previous = current
    current = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, substitution)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(beforePrevious, j - 2) + 1)
      current.push(least)
    }
  }
  return at(current, b.length)
}

function at(row: number[], index: number): number {
  return row[index] ?? Infinity
}

/**
 * Connected components over near pairs, each named by its least member (by code units). Splits are drawn by that
 * name, so that no chain of near pictures crosses from one split to another. A member without pairs is a component
 * of its own. Independent of the order of members and pairs; a pair with a stranger makes the stranger a member.
 */
export function nameComponents(
  members: Iterable<string>,
  pairs: Iterable<readonly [string, string]>,
): Map<string, string> {
  const parent = new Map<string, string>()
  for (const member of members) parent.set(member, member)
  for (const [a, b] of pairs) join(parent, a, b)
  return new Map(parent.keys().map((member) => [member, rootOf(parent, member)]))
}

/** The lesser root stays the root, so every root is the least of its component. */
function join(parent: Map<string, string>, a: string, b: string): void {
  const [rootA, rootB] = [rootOf(parent, a), rootOf(parent, b)]
  if (rootA < rootB) parent.set(rootB, rootA)
  else if (rootB < rootA) parent.set(rootA, rootB)
}

/** Walks up and halves the path on the way, without recursion. */
function rootOf(parent: Map<string, string>, member: string): string {
  let at = member
  if (!parent.has(at)) parent.set(at, at)
  for (;;) {
    const above = parent.get(at)!
    if (above === at) return at
    const next = parent.get(above)!
    parent.set(at, next)
    at = next
  }
}

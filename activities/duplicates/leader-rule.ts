/** A node within the near distance of another. */
export interface Neighbour<Node> {
  node: Node
  /** Bits. */
  distance: number
}

/**
 * Canonical leader rule: in canonical order, a node is kept when none of its neighbours was kept before it. One
 * pass; every dropped node has a kept one within the distance, and unlike with connected components none is dropped
 * for a picture that it does not resemble. Gives each node its leader: itself when kept, else the nearest kept
 * neighbour, of equals the first in the order. A function of order and neighbours alone; a neighbour that is not
 * among the nodes is ignored.
 */
export function chooseLeaders<Node>(
  nodesInCanonicalOrder: readonly Node[],
  neighbours: (node: Node) => Iterable<Neighbour<Node>>,
): Map<Node, Node> {
  const rank = new Map(nodesInCanonicalOrder.map((node, index) => [node, index]))
  const kept = new Set<Node>()
  for (const node of nodesInCanonicalOrder) {
    if (!someKept(neighbours(node), kept)) kept.add(node)
  }
  return new Map(
    nodesInCanonicalOrder.map((node) => [node, kept.has(node) ? node : nearestKept(neighbours(node), kept, rank)!]),
  )
}

function someKept<Node>(neighbours: Iterable<Neighbour<Node>>, kept: Set<Node>): boolean {
  for (const { node } of neighbours) if (kept.has(node)) return true
  return false
}

function nearestKept<Node>(
  neighbours: Iterable<Neighbour<Node>>,
  kept: Set<Node>,
  rank: Map<Node, number>,
): Node | undefined {
  let best: Neighbour<Node> | undefined
  for (const each of neighbours) {
    if (!kept.has(each.node)) continue
    const order = best ? each.distance - best.distance || rank.get(each.node)! - rank.get(best.node)! : -1
    if (order < 0) best = each
  }
  return best?.node
}

import { defaultTreeAdapter, type DefaultTreeAdapterTypes, type TreeAdapter } from 'parse5'
import { parseInRuns } from './run-parser.ts'

export type HtmlDocument = DefaultTreeAdapterTypes.Document
export type HtmlElement = DefaultTreeAdapterTypes.Element
export type HtmlNode = DefaultTreeAdapterTypes.ChildNode
type Parent = DefaultTreeAdapterTypes.ParentNode

/**
 * Nodes that one page may have. Formatting elements that are never closed multiply: 26 KB of markup can make a
 * million nodes. Large honest pages stay under 100,000.
 */
const MAX_NODES = 400_000

/** Depth that one page may reach; browsers flatten at 512. The parser looks through all open elements, so depth is time. */
export const MAX_DEPTH = 4_096

/** Thrown inside the parser to leave it; never leaves this file. */
class TooComplex extends Error {}

/** Elements that XML may close in their own tag and HTML may not: to an HTML parser what follows would be inside. */
const SELF_CLOSED =
  /<(?!area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)([a-z][a-z\d]*)((?:\s[^<>]*)?)\/>/gi

/**
 * Parses a page as a browser without scripts does (`noscript` holds elements); `xml` for what is served as XHTML, which
 * is read as HTML with its self-closed elements closed. Null when the tree would pass `MAX_NODES` or `MAX_DEPTH`. Runs
 * nothing, fetches nothing.
 */
export function parsePage(markup: string, xml = false): HtmlDocument | null {
  const html = xml ? markup.replace(SELF_CLOSED, '<$1$2></$1>') : markup
  try {
    return parseInRuns(html, { scriptingEnabled: false, treeAdapter: limitedTreeAdapter() })
  } catch (error) {
    if (error instanceof TooComplex) return null
    throw error
  }
}

/** The default adapter with two counters: it throws `TooComplex` at the first node over a limit. */
function limitedTreeAdapter(): TreeAdapter<DefaultTreeAdapterTypes.DefaultTreeAdapterMap> {
  const base = defaultTreeAdapter
  const depths = new WeakMap<object, number>()
  let nodes = 0
  const count = () => {
    if (++nodes > MAX_NODES) throw new TooComplex()
  }
  const place = (parent: Parent, child: HtmlNode) => {
    const depth = (depths.get(parent) ?? 0) + 1
    if (depth > MAX_DEPTH) throw new TooComplex()
    depths.set(child, depth)
  }
  return {
    ...base,
    createElement: (name, namespace, attributes) => {
      count()
      return base.createElement(name, namespace, attributes)
    },
    createCommentNode: (data) => {
      count()
      return base.createCommentNode(data)
    },
    appendChild: (parent, child) => {
      place(parent, child)
      base.appendChild(parent, child)
    },
    // What stands in a template is as deep as the template.
    getTemplateContent: (template) => {
      const content = base.getTemplateContent(template)
      const depth = depths.get(template)
      if (depth !== undefined) depths.set(content, depth)
      return content
    },
    insertBefore: (parent, child, reference) => {
      place(parent, child)
      base.insertBefore(parent, child, reference)
    },
  }
}

export function isElement(node: HtmlNode | Parent | null): node is HtmlElement {
  return node !== null && 'tagName' in node
}

/** The attribute's value as the parser gives it, null when the element has none. */
export function attribute(element: HtmlElement, name: string): string | null {
  return element.attrs.find((each) => each.name === name && each.prefix === undefined)?.value ?? null
}

/** Space-separated tokens of an attribute, in lower case: `rel`, `class`, `role`. */
export function tokens(element: HtmlElement, name: string): string[] {
  const value = attribute(element, name)
  return value === null
    ? []
    : value
        .toLowerCase()
        .split(/[\t\n\f\r ]+/)
        .filter((token) => token !== '')
}

/** A `template` that a browser makes a shadow tree of (declarative shadow DOM): its content shows, others' is inert. */
export function isShadowRoot(element: HtmlElement): boolean {
  if (element.tagName !== 'template') return false
  const mode = attribute(element, 'shadowrootmode')?.toLowerCase()
  return mode === 'open' || mode === 'closed'
}

/** What a walk does at a node; `enter` answers false to leave out what is below. */
export interface Visitor {
  enter(node: HtmlNode): boolean | void
  leave?(element: HtmlElement): void
}

/**
 * Walks everything below `root` in document order without recursion. Contents of `template` are not in the tree, unless
 * it is a shadow tree.
 */
export function walk(root: Parent, visitor: Visitor): void {
  const open: { element: Parent; children: readonly HtmlNode[]; next: number }[] = [
    { element: root, children: childrenOf(root), next: 0 },
  ]
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const child = top.children[top.next++]
    if (child === undefined) {
      open.pop()
      if (open.length > 0 && isElement(top.element)) visitor.leave?.(top.element)
      continue
    }
    const below = visitor.enter(child) !== false
    if (isElement(child) && below) open.push({ element: child, children: childrenOf(child), next: 0 })
    else if (isElement(child)) visitor.leave?.(child)
  }
}

function childrenOf(node: Parent): readonly HtmlNode[] {
  return isElement(node) && isShadowRoot(node) && 'content' in node
    ? (node as DefaultTreeAdapterTypes.Template).content.childNodes
    : node.childNodes
}

/** The first element below `root`, in document order, that the predicate takes; null when none does. */
export function findElement(root: Parent, isWanted: (element: HtmlElement) => boolean): HtmlElement | null {
  let found: HtmlElement | null = null
  walk(root, {
    enter: (node) => {
      if (found === null && isElement(node) && isWanted(node)) found = node
      return found === null
    },
  })
  return found
}

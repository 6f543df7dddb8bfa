import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Answer } from './chromium.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
}

export interface Corpus {
  /** Every page of the sites of these kinds, in the order of their URLs' SHA-256. */
  pages: string[]
  read(url: string): Answer | null
}

/**
 * A built corpus (`sites.json` and `sites/`) as a web: site N is `http://127.18.0.N/`, without a port, so that a URL and
 * its digest are the same wherever it is read.
 */
export function openCorpus(folder: string, kinds: readonly string[]): Corpus {
  const all = JSON.parse(readFileSync(path.join(folder, 'sites.json'), 'utf8')) as Site[]
  const sites = all.filter(({ kind }) => kinds.includes(kind))
  const roots = new Map(sites.map(({ site, octet }) => [`127.18.0.${octet}`, path.join(folder, 'sites', site)]))
  const pages = [...roots].flatMap(([host, root]) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html'))
      .map((name) => new URL(name.split(path.sep).map(encodeURIComponent).join('/'), `http://${host}/`).href),
  )
  const digest = (url: string) => createHash('sha256').update(url).digest('hex')
  const order = new Map(pages.map((url) => [url, digest(url)]))
  return {
    pages: pages.toSorted((a, b) => ((order.get(a) ?? '') < (order.get(b) ?? '') ? -1 : 1)),
    read: (url) => readFrom(roots, url),
  }
}

interface Site {
  site: string
  kind: string
  octet: number
}

function readFrom(roots: Map<string, string>, url: string): Answer | null {
  const { hostname, pathname } = new URL(url)
  const root = roots.get(hostname)
  if (root === undefined) return null
  const file = path.join(root, path.normalize(decodeURIComponent(pathname)))
  if (!existsSync(file) || !statSync(file).isFile()) return null
  return { body: readFileSync(file), contentType: TYPES[path.extname(file)] ?? 'application/octet-stream' }
}

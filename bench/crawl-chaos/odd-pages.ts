import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** How one request is answered. `cut` bytes are sent of the body, then the connection is closed; `pieces` goes out chunked. */
export interface Answer {
  status: number
  type: string
  body: Buffer
  headers?: Record<string, string>
  pieces?: number
  cut?: number
  gzip?: boolean
}

/** What the pages below this path show is not in any corpus. */
export const ODD = '/odd/'

const LINKED = [
  'moved.html',
  'chain-1.html',
  'ring-1.html',
  'absent.html',
  'removed.html',
  'busy.html',
  'weak.html',
  'chunked.html',
  'zipped.html',
  'cut.html',
  'cut-once.html',
  'private.html',
]
const SHOWN = ['shown.png', 'moved.png', 'reserved.png']

/** Smallest PNG there is; hosts and names differ by what follows its end. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

/** First requests that `busy.html` refuses with 429, and `weak.html` with 503. */
const BUSY = 2
const WEAK = 1

/**
 * The odd pages of a site: redirects and a ring of them, 404, 410, 429 with Retry-After, 503, a chunked and a gzipped
 * body, one that is always cut and one that is cut once, pictures behind a redirect and reserved. `before`: requests of
 * this path so far. Null for a path that is not among them.
 */
export function oddAnswer(site: string, path: string, before: number): Answer | null {
  if (!path.startsWith(ODD)) return null
  const name = path.slice(ODD.length)
  switch (name) {
    case 'index.html':
      return page(site, name, contents())
    case 'moved.html':
      return moved(301, 'here.html')
    case 'chain-1.html':
      return moved(302, 'chain-2.html')
    case 'chain-2.html':
      return moved(307, 'there.html')
    case 'ring-1.html':
      return moved(302, 'ring-2.html')
    case 'ring-2.html':
      return moved(302, 'ring-1.html')
    case 'moved.png':
      return moved(302, 'behind.png')
    case 'removed.html':
      return { ...page(site, name, 'Removed.'), status: 410 }
    case 'busy.html':
      return before < BUSY
        ? { ...page(site, name, 'Later.'), status: 429, headers: { 'retry-after': '1' } }
        : page(site, name, long())
    case 'weak.html':
      return before < WEAK ? { ...page(site, name, 'Not now.'), status: 503 } : page(site, name, long())
    case 'chunked.html':
      return { ...page(site, name, long()), pieces: 5 }
    case 'zipped.html':
      return { ...page(site, name, long()), gzip: true }
    case 'cut.html':
      return { ...page(site, name, long()), cut: 400 }
    case 'cut-once.html':
      return { ...page(site, name, long()), ...(before === 0 ? { cut: 400 } : {}) }
    case 'here.html':
    case 'there.html':
    case 'private.html':
      return page(site, name, long())
    case 'shown.png':
    case 'behind.png':
      return picture(site, name)
    case 'reserved.png':
      return { ...picture(site, name), headers: { 'x-robots-tag': 'noai' } }
    default:
      return null
  }
}

export const NOT_FOUND: Answer = { status: 404, type: 'text/plain', body: Buffer.from('not found\n') }

export const ROBOTS_SORTS = 4

/** The robots.txt of the `index`-th site: as it is, behind a redirect, none, or not to be had the first time. */
export function robotsAnswer(index: number, path: string, before: number): Answer | null {
  const rules: Answer = {
    status: 200,
    type: 'text/plain',
    body: Buffer.from(`User-agent: *\nDisallow: ${ODD}private\n`),
  }
  if (path === `${ODD}robots.txt`) return rules
  if (path !== '/robots.txt') return null
  switch (index) {
    case 1:
      return moved(301, 'robots.txt')
    case 2:
      return NOT_FOUND
    case 3:
      return before === 0 ? { status: 503, type: 'text/plain', body: Buffer.from('not now\n') } : rules
    default:
      return rules
  }
}

/** The bytes that go out for an answer's body. */
export function wireOf({ body, gzip }: Answer): Buffer {
  return gzip === true ? gzipSync(body) : body
}

export function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function contents(): string {
  const links = LINKED.map((name) => `<a href="${name}">${name}</a>`).join(' ')
  return `${links} ${SHOWN.map((name) => `<img src="${name}" alt="A sign above a door">`).join(' ')}`
}

function page(site: string, name: string, content: string): Answer {
  const html = `<!DOCTYPE html><html><head><title>${site} ${name}</title></head><body><p>${content}</p></body></html>`
  return { status: 200, type: 'text/html; charset=utf-8', body: Buffer.from(html) }
}

function moved(status: number, to: string): Answer {
  const body = Buffer.from(`see ${to}\n`)
  return { status, type: 'text/plain', body, headers: { location: `${ODD}${to}` } }
}

function picture(site: string, name: string): Answer {
  return { status: 200, type: 'image/png', body: Buffer.concat([PIXEL, Buffer.from(`${site} ${name}`)]) }
}

function long(): string {
  return 'A page of some length. '.repeat(120)
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheFolder } from '../../infra/services/cache.ts'

const PLAYWRIGHT = '1.65.1'

/** What the browser computes for one element that shows or names a picture. */
export interface NamedPicture {
  /** Its `id` attribute, null without one. */
  id: string | null
  tag: string
  /** Absolute addresses that the element itself names: what the browser shows, `src`, `data`, `href`, `poster`. */
  urls: string[]
  /** Role and computed accessible name; null when the accessibility tree leaves the element out. */
  role: string | null
  name: string
}

export interface NamingBrowser extends AsyncDisposable {
  version: string
  /** Opens a page without running its scripts; every request is answered by `read`, null is a 404. */
  namesOf(url: string): Promise<NamedPicture[]>
}

export interface Answer {
  body: Buffer
  contentType: string
}

/** The parts of playwright-core that are used here; it is installed into the cache, not into the project. */
interface Cdp {
  send(method: string, params?: object): Promise<unknown>
  detach(): Promise<void>
}
interface Route {
  request(): { url(): string }
  fulfill(answer: { status: number; body: Buffer; contentType: string }): Promise<void>
}
interface Page {
  goto(url: string, options: { waitUntil: 'load' }): Promise<unknown>
  close(): Promise<void>
}
interface Context {
  route(pattern: string, handler: (route: Route) => Promise<void>): Promise<void>
  newPage(): Promise<Page>
  newCDPSession(page: Page): Promise<Cdp>
}
interface Browser {
  version(): string
  newContext(options: object): Promise<Context>
  close(): Promise<void>
}

interface DomNode {
  backendNodeId: number
  nodeName: string
  attributes?: string[]
  children?: DomNode[]
  shadowRoots?: (DomNode & { shadowRootType?: string })[]
}

interface AxNode {
  ignored: boolean
  backendDOMNodeId?: number
  role?: { value?: string }
  name?: { value?: string }
}

/** Elements that show a picture, and those that are named as one. */
const PICTURE_TAGS = new Set(['IMG', 'INPUT', 'IMAGE', 'OBJECT', 'EMBED', 'VIDEO', 'AREA', 'SVG'])

/** Runs in the page: what an element shows. */
const SHOWN_URLS = `function () {
  const style = getComputedStyle(this).backgroundImage.match(/url\\("(.*?)"\\)/)
  const raw = [this.currentSrc, this.src, this.data, this.poster, this.href && this.href.baseVal, style && style[1]]
  return raw.filter((url) => typeof url === 'string' && url !== '').map((url) => new URL(url, this.baseURI).href)
}`

/** Opens Chromium (`executable`, as Debian installs it) with nothing of the network but what `read` answers. */
export async function openNamingBrowser(
  executable: string,
  read: (url: string) => Answer | null,
): Promise<NamingBrowser> {
  const browser = await launch(executable)
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-US' })
  await context.route('**/*', async (route) => {
    const answer = read(route.request().url())
    await route.fulfill(
      answer === null
        ? { status: 404, body: Buffer.from('not found'), contentType: 'text/plain' }
        : { status: 200, ...answer },
    )
  })
  return {
    version: browser.version(),
    namesOf: async (url) => {
      const page = await context.newPage()
      try {
        await page.goto(url, { waitUntil: 'load' })
        return await readNames(await context.newCDPSession(page))
      } finally {
        await page.close()
      }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

async function launch(executablePath: string): Promise<Browser> {
  if (!existsSync(executablePath))
    throw new Error(
      `${executablePath}: no such program; install it (Debian: apt install chromium) or name it by --chromium`,
    )
  const cache = cacheFolder(process.env.MELLA_CACHE ?? null, process.env.XDG_CACHE_HOME ?? null)
  const home = path.join(cache, 'peers', `playwright-${PLAYWRIGHT}`)
  const module = path.join(home, 'node_modules/playwright-core/index.mjs')
  if (!existsSync(module)) {
    mkdirSync(home, { recursive: true })
    writeFileSync(path.join(home, 'package.json'), '{"private": true}')
    const args = ['install', '--no-audit', '--no-fund', `playwright-core@${PLAYWRIGHT}`]
    const { status } = spawnSync('npm', args, { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}`)
  }
  const { chromium } = (await import(pathToFileURL(module).href)) as {
    chromium: { launch(options: object): Promise<Browser> }
  }
  // Without a sandbox because root has none; the pages are our own and nothing of the network answers.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

async function readNames(cdp: Cdp): Promise<NamedPicture[]> {
  await cdp.send('DOM.enable')
  await cdp.send('Accessibility.enable')
  const { root } = (await cdp.send('DOM.getDocument', { depth: -1, pierce: true })) as { root: DomNode }
  const { nodes } = (await cdp.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] }
  const byNode = new Map(nodes.map((node) => [node.backendDOMNodeId, node]))
  const found: NamedPicture[] = []
  for (const element of elementsOf(root)) {
    if (!isPicture(element)) continue
    const ax = byNode.get(element.backendNodeId)
    const isNamed = ax !== undefined && !ax.ignored
    found.push({
      id: attributeOf(element, 'id'),
      tag: element.nodeName.toLowerCase(),
      urls: await shownUrls(cdp, element.backendNodeId),
      role: isNamed ? (ax.role?.value ?? null) : null,
      name: isNamed ? (ax.name?.value ?? '') : '',
    })
  }
  return found
}

/** Document order, a page's own shadow trees before the light children; without recursion, pages nest as they like. */
function elementsOf(root: DomNode): DomNode[] {
  const elements: DomNode[] = []
  const stack = [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    elements.push(node)
    const shadow = (node.shadowRoots ?? []).filter(({ shadowRootType }) => shadowRootType !== 'user-agent')
    stack.push(...[...shadow, ...(node.children ?? [])].toReversed())
  }
  return elements
}

function isPicture(node: DomNode): boolean {
  const tag = node.nodeName.toUpperCase()
  if (tag === 'INPUT') return attributeOf(node, 'type')?.toLowerCase() === 'image'
  return PICTURE_TAGS.has(tag) || /^ima?ge?$/.test(attributeOf(node, 'role') ?? '')
}

function attributeOf(node: DomNode, name: string): string | null {
  const at = node.attributes?.findIndex((each, index) => index % 2 === 0 && each === name) ?? -1
  return at === -1 ? null : (node.attributes?.[at + 1] ?? null)
}

async function shownUrls(cdp: Cdp, backendNodeId: number): Promise<string[]> {
  const { object } = (await cdp.send('DOM.resolveNode', { backendNodeId })) as { object: { objectId: string } }
  const { objectId } = object
  const called = await cdp.send('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: SHOWN_URLS,
    returnByValue: true,
  })
  const { result } = called as { result: { value?: string[] } }
  return [...new Set(result.value ?? [])]
}

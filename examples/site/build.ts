import { writePages } from './pages.ts'
import { drawShared, drawSite } from './pictures.ts'
import { ALL_TEXTS, DOMAIN, hostOf } from './texts/all.ts'
import type { SiteTexts } from './texts/site-texts.ts'

export interface Resource {
  status: number
  /** Lower-case names, `content-type` and `location` among them. */
  headers: Record<string, string>
  body: Buffer
}

/** Every resource of the example sites by URL; what is not in it is a 404. The same bytes on every run. */
export async function buildSite(): Promise<Map<string, Resource>> {
  const resources = new Map<string, Resource>()
  for (const texts of ALL_TEXTS) await addSite(resources, texts)
  for (const [path, { type, body }] of await drawShared()) {
    resources.set(`http://pictures.${DOMAIN}${path}`, { status: 200, headers: { 'content-type': type }, body })
  }
  return resources
}

async function addSite(resources: Map<string, Resource>, texts: SiteTexts): Promise<void> {
  const base = `http://${hostOf(texts)}`
  for (const [path, { body, headers }] of writePages(texts)) {
    resources.set(base + path, {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
      body: Buffer.from(body, 'utf8'),
    })
  }
  for (const [path, { type, body, headers }] of await drawSite(texts)) {
    resources.set(base + path, { status: 200, headers: { 'content-type': type, ...headers }, body })
  }
  const moved: [string, number, string][] = [
    ['/old.html', 301, '/nature.html'],
    ['/img/old-castle.jpg', 302, '/img/castle.jpg'],
  ]
  for (const [path, status, location] of moved) {
    resources.set(base + path, {
      status,
      headers: { location, 'content-type': 'text/plain' },
      body: Buffer.from(`${location}\n`),
    })
  }
}

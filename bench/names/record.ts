import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Answer, type NamedPicture, openNamingBrowser } from './chromium.ts'

/** Where recorded pages stand; relative addresses in them resolve against it. */
const SITE = 'https://site.example/'

export interface RecordedPage extends Answer {
  url: string
  found: NamedPicture[]
}

/** One black pixel: a picture that is there, whatever its name. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

/**
 * Writes `x.names.json` beside each `x.html` of a folder: Chromium's role and computed name of every picture element that
 * has an id, in document order. Elements that the accessibility tree leaves out have role null. Gives what it saw.
 */
export async function recordNames(executable: string, folder: string): Promise<RecordedPage[]> {
  const pages = readdirSync(folder).filter((name) => name.endsWith('.html'))
  const read = (url: string): Answer | null => {
    const name = path.basename(new URL(url).pathname)
    if (pages.includes(name)) return { body: readFileSync(path.join(folder, name)), contentType: 'text/html' }
    return name.endsWith('.html') ? null : { body: PIXEL, contentType: 'image/png' }
  }
  await using browser = await openNamingBrowser(executable, read)
  const recorded: RecordedPage[] = []
  for (const name of pages.toSorted()) {
    const found = await browser.namesOf(SITE + name)
    const pictures = found.flatMap(({ id, tag, role, name: label }) =>
      id === null ? [] : [{ id, tag, role, name: label }],
    )
    const file = path.join(folder, name.replace(/\.html$/, '.names.json'))
    writeFileSync(file, `${JSON.stringify({ chromium: browser.version, pictures }, null, 2)}\n`)
    recorded.push({ url: SITE + name, found, body: readFileSync(path.join(folder, name)), contentType: 'text/html' })
  }
  return recorded
}

import { parseArgs } from 'node:util'
import { type Answer, openNamingBrowser } from './names/chromium.ts'
import { distinct, missingFrom, namesByAlt, namesByMella, type NamedUrls } from './names/compare.ts'
import { openCorpus } from './names/corpus-pages.ts'
import { recordNames } from './names/record.ts'

const HELP = `Compares what extraction reads of pictures with the accessible names that Chromium computes for them.

  npm run bench -- accessible-names --corpus DIR [--pages N] [--kinds LIST] [--show N] [--chromium FILE]
  npm run bench -- accessible-names --record DIR

Takes the N pages of the corpus whose URLs have the lowest SHA-256 (site N is http://127.18.0.N/, without a port). Each
is opened in Chromium, its scripts off and the network closed but for the corpus; the label is every (picture address,
computed name) of an img, input, image, object, embed, video or area that the accessibility tree holds with a name. The
same bytes and URL go through the crawl's own extraction. White space is collapsed and text is NFC on both sides.

  recall     labels that extraction has as the picture's name (best of aria-labelledby, aria-label, alt, title)
  precision  names of extraction that are labels
  any text   labels among all texts that extraction keeps of the picture, captions included
  img alt    the recall of the recipe that takes img with a src and an alt, and nothing else

What differs by design: see docs/extraction.md. Chromium comes from Debian; playwright-core is installed into the cache.

  --corpus DIR     sites.json and sites/, as the corpus builder makes them
  --pages N        pages compared (200)
  --kinds LIST     kinds of sites (manual,book)
  --show N         lists so many differences of each sort (0)
  --chromium FILE  the browser (/usr/bin/chromium)
  --json           figures as one JSON document
  --record DIR     compares the pages x.html of a folder instead, and writes Chromium's names of what has an id into
                   x.names.json; the tests read those of test/activities/extract/names
`
const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '' },
    pages: { type: 'string', default: '200' },
    kinds: { type: 'string', default: 'manual,book' },
    show: { type: 'string', default: '0' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    record: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

interface Compared {
  url: string
  labels: NamedUrls[]
  names: NamedUrls[]
  texts: NamedUrls[]
  alts: NamedUrls[]
}

if (values.help || (values.corpus === '' && values.record === '')) process.stdout.write(HELP)
else if (values.record !== '') await compareRecorded()
else await compareCorpus()

async function compareRecorded(): Promise<void> {
  const pages = await recordNames(values.chromium, values.record)
  report(pages.map((page) => comparedOf(page.url, page.found, page)))
}

async function compareCorpus(): Promise<void> {
  const corpus = openCorpus(values.corpus, values.kinds.split(','))
  await using browser = await openNamingBrowser(values.chromium, (url) => corpus.read(url))
  const compared: Compared[] = []
  for (const url of corpus.pages.slice(0, Number(values.pages))) {
    const answer = corpus.read(url)
    if (answer === null) throw new Error(`${url}: not in the corpus`)
    compared.push(comparedOf(url, await browser.namesOf(url), answer))
  }
  report(compared)
}

function comparedOf(url: string, found: readonly NamedUrls[], { body, contentType }: Answer): Compared {
  const input = { url, body, contentType, contentLanguage: null }
  return { url, labels: distinct(found), ...namesByMella(input), alts: namesByAlt(input) }
}

function report(compared: readonly Compared[]): void {
  const total = (pick: (one: Compared) => readonly NamedUrls[]) =>
    compared.reduce((sum, one) => sum + pick(one).length, 0)
  const missed = (one: Compared) => missingFrom(one.labels, one.names)
  const more = (one: Compared) => missingFrom(one.names, one.labels)
  const labels = total((one) => one.labels)
  const share = (hits: number, all: number) => (all === 0 ? null : Math.round((hits / all) * 10_000) / 10_000)
  const names = total((one) => one.names)
  const alts = total((one) => one.alts)
  const figures = {
    pages: compared.length,
    labels,
    recall: share(labels - total(missed), labels),
    precision: share(names - total(more), names),
    recall_any_text: share(labels - total((one) => missingFrom(one.labels, one.texts)), labels),
    recall_img_alt: share(labels - total((one) => missingFrom(one.labels, one.alts)), labels),
    precision_img_alt: share(alts - total((one) => missingFrom(one.alts, one.labels)), alts),
  }
  if (values.json) console.log(JSON.stringify(figures))
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(18)} ${value}`)
  list('named by Chromium alone', compared, missed)
  list('named by mella alone', compared, more)
}

function list(title: string, compared: readonly Compared[], pick: (one: Compared) => NamedUrls[]): void {
  const all = compared.flatMap((one) => pick(one).map((pair) => ({ page: one.url, ...pair })))
  for (const { page, urls, name } of all.slice(0, Number(values.show)))
    console.log(`${title}: ${page}\n  ${urls[0]}\n  ${JSON.stringify(name)}`)
}

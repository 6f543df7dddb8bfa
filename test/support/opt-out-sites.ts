import { aRaster, sharpOf } from '../builders/pictures.ts'
import { type Answer, html, type Pages } from './example-web.ts'

/** Product token of the crawler that these sites speak to. */
export const AGENT = 'test-bot'

/** What one host answers beside its usual page and picture. */
export interface Site {
  robots?: string
  tdm?: unknown
  page?: Record<string, string>
  /** Into the page. */
  markup?: string
  picture?: Record<string, string>
  /** PLUS term inside the picture. */
  mining?: string
  /** The page that shows the picture is reached by a link with these attributes; else it is the seed. */
  link?: string
  /** Into the page with that link. */
  lead?: string
  /** The picture stands at a second address, too, whose answer has these headers. */
  second?: Record<string, string>
  /** The page names an address that leads to the picture by a redirect with these headers. */
  redirect?: Record<string, string>
  /** The page names the picture's own address beside the one that is redirected. */
  direct?: true
}

/** One signal: a site that has it, its clean twin, and what an explanation must quote. */
export interface Signal {
  name: string
  site: Site
  twin: Site
  quotes: string
  /** Bytes of its picture may lie in the store: it is left out by a date, or was free at another address. */
  stored?: true
}

const robotsTag = (value: string) => ({ 'x-robots-tag': value })
const metaTag = (name: string, content: string) => `<meta name="${name}" content="${content}">`
const robotsTxt = (...lines: string[]) => ['User-agent: *', 'Allow: /', ...lines].join('\n')
const tdmFile = (location: string, reservation: number) => [{ location, 'tdm-reservation': reservation }]
const PAST = 'unavailable_after: 25 Jun 2010 15:00:00 PST'
const FUTURE = 'unavailable_after: 25 Jun 2040 15:00:00 PST'

export const SIGNALS: Signal[] = [
  { name: 'noai-header', site: { picture: robotsTag('noai') }, twin: {}, quotes: 'X-Robots-Tag: noai' },
  {
    name: 'noimageai-page',
    site: { page: robotsTag('noimageai') },
    twin: { page: robotsTag('all') },
    quotes: 'X-Robots-Tag: noimageai',
  },
  {
    name: 'noai-agent',
    site: { markup: metaTag(AGENT, 'noai') },
    twin: { markup: metaTag('other-bot', 'noai') },
    quotes: `${AGENT}: noai`,
  },
  {
    name: 'noindex-meta',
    site: { markup: metaTag('robots', 'noindex') },
    twin: { markup: metaTag('robots', 'index') },
    quotes: 'robots: noindex',
  },
  {
    name: 'noimageindex-agent',
    site: { picture: robotsTag(`${AGENT}: noimageindex`) },
    twin: { picture: robotsTag('other-bot: noimageindex') },
    quotes: `X-Robots-Tag: ${AGENT}: noimageindex`,
  },
  {
    name: 'date-header',
    site: { picture: robotsTag(PAST) },
    twin: { picture: robotsTag(FUTURE) },
    quotes: PAST,
    stored: true,
  },
  {
    name: 'date-meta',
    site: { markup: metaTag('robots', PAST) },
    twin: { markup: metaTag('robots', FUTURE) },
    quotes: PAST,
    stored: true,
  },
  {
    name: 'tdm-file',
    site: { tdm: tdmFile('/*.png$', 1) },
    twin: { tdm: tdmFile('/private/', 1) },
    quotes: '{"location":"/*.png$","tdm-reservation":1}',
  },
  {
    name: 'tdm-header',
    site: { picture: { 'tdm-reservation': '1' } },
    twin: { tdm: tdmFile('/', 1), page: { 'tdm-reservation': '0' }, picture: { 'tdm-reservation': '0' } },
    quotes: 'tdm-reservation: 1',
  },
  {
    name: 'tdm-meta',
    site: { page: { 'tdm-reservation': '0' }, markup: metaTag('tdm-reservation', '1') },
    twin: { page: { 'tdm-reservation': '1' }, markup: metaTag('tdm-reservation', '0') },
    quotes: 'tdm-reservation: 1',
  },
  {
    name: 'usage-header',
    site: { picture: { 'content-usage': 'train-ai=n' } },
    twin: { picture: { 'content-usage': 'train-ai=y, search=n' } },
    quotes: 'Content-Usage: train-ai=n',
  },
  {
    name: 'usage-robots',
    site: { robots: robotsTxt('Content-Usage: train-ai=y', 'Content-Usage: /p train-ai=n') },
    twin: { robots: robotsTxt('Content-Usage: train-ai=n', 'Content-Usage: / train-ai=y') },
    quotes: 'Content-Usage: /p train-ai=n',
  },
  {
    name: 'signal-robots',
    site: { robots: robotsTxt('Content-Signal: search=yes, ai-train=no') },
    twin: { robots: robotsTxt('Content-Signal: search=yes, ai-train=yes') },
    quotes: 'Content-Signal: search=yes, ai-train=no',
  },
  {
    name: 'mining',
    site: { mining: 'DMI-PROHIBITED-AIMLTRAINING' },
    twin: { mining: 'DMI-ALLOWED' },
    quotes: 'http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING',
  },
  { name: 'rel-nofollow', site: { link: 'rel="nofollow"' }, twin: { link: 'rel="noopener"' }, quotes: 'rel: nofollow' },
  {
    name: 'meta-nofollow',
    site: { link: '', lead: metaTag('robots', 'nofollow') },
    twin: { link: '', lead: metaTag('other-bot', 'nofollow') },
    quotes: 'robots: nofollow',
  },
  {
    name: 'strictest',
    site: { second: robotsTag('noai') },
    twin: { second: {} },
    quotes: 'X-Robots-Tag: noai',
    stored: true,
  },
  {
    name: 'redirect-strictest',
    site: { redirect: robotsTag('noai'), direct: true },
    twin: { redirect: {}, direct: true },
    quotes: 'X-Robots-Tag: noai',
    stored: true,
  },
  {
    name: 'redirect',
    site: { redirect: robotsTag('noimageai') },
    twin: { redirect: {} },
    quotes: 'X-Robots-Tag: noimageai',
  },
]

export const hostOf = (name: string, isTwin: boolean) => `${name}${isTwin ? '-twin' : ''}.example`
export const pageOf = (host: string, site: Site) => `http://${host}/${site.link === undefined ? '' : 'inner'}`
export const pictureOf = (host: string, site: Site) =>
  `http://${host}/${site.redirect === undefined ? 'p.png' : 'to-p'}`

/** Czech enough for a page's language. */
const TEXT =
  'Na náměstí stojí stará radnice s věží, ze které je vidět celé údolí. Každou sobotu se tu konají trhy a lidé přicházejí z okolních vesnic, aby koupili ovoce, zeleninu a čerstvý chléb.'

/** Answers for every site and twin, and each one's picture by host. */
export async function optOutWeb(): Promise<{ pages: Pages; pictures: Map<string, Buffer> }> {
  const sites = new Map<string, Site>()
  const pictures = new Map<string, Buffer>()
  for (const { name, site, twin } of SIGNALS) {
    sites.set(hostOf(name, false), site)
    sites.set(hostOf(name, true), twin)
  }
  for (const [host, site] of sites) pictures.set(host, await aPictureWith(pictures.size, site.mining))
  const pages: Pages = (url) => {
    const { host, pathname } = new URL(url)
    const site = sites.get(host)
    return site && answer(host, pathname, site, pictures.get(host) as Buffer)
  }
  return { pages, pictures }
}

function answer(host: string, path: string, site: Site, picture: Buffer): Answer | undefined {
  const show = (address: string) => `<img src="${address}" alt="Pohled na město od řeky, ${host}">`
  const addresses = [
    site.redirect === undefined ? '/p.png' : '/to-p',
    ...(site.direct === true ? ['/p.png'] : []),
    ...(site.second === undefined ? [] : ['/q.png']),
  ]
  const shown = addresses.map(show).join('')
  const page = html(`${site.markup ?? ''}<p>${TEXT}</p>${shown}`, site.page)
  const bytes = (headers: Record<string, string> = {}) => ({
    headers: { 'content-type': 'image/png', ...headers },
    body: picture,
  })
  switch (path) {
    case '/robots.txt':
      return site.robots === undefined ? undefined : { body: site.robots }
    case '/.well-known/tdmrep.json':
      return site.tdm === undefined ? undefined : { body: JSON.stringify(site.tdm) }
    case '/':
      return site.link === undefined
        ? page
        : html(`${site.lead ?? ''}<p>${TEXT}</p><a href="/inner" ${site.link}>dál</a>`)
    case '/inner':
      return site.link === undefined ? undefined : page
    case '/p.png':
      return bytes(site.picture)
    case '/q.png':
      return site.second && bytes(site.second)
    case '/to-p':
      return site.redirect && { status: 302, headers: { location: '/p.png', ...site.redirect } }
    default:
      return undefined
  }
}

function aPictureWith(seed: number, mining: string | undefined): Promise<Buffer> {
  const png = sharpOf(aRaster({ width: 160, height: 120, seed }))
  if (mining === undefined) return png.png().toBuffer()
  const packet =
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    '<rdf:Description xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" ' +
    `plus:DataMining="http://ns.useplus.org/ldf/vocab/${mining}"/></rdf:RDF></x:xmpmeta>`
  return png.withXmp(packet).png().toBuffer()
}

import { fileOf, SHARED } from './pictures.ts'
import { DOMAIN, hostOf } from './texts/all.ts'
import { SCENES, TOPICS, type Scene, type SiteTexts, type Topic } from './texts/site-texts.ts'

export interface Page {
  body: string
  headers?: Record<string, string>
}

/** How a caption stands in the markup, in turn over the scenes of a page. */
const SHAPES = ['alt', 'figcaption', 'title', 'aria', 'lazy', 'picture', 'link', 'srcset'] as const

/** What a page says of its language when that is not the truth, or is said elsewhere than in `<html lang>`. */
const DECLARED: Record<string, { lang: string; headers?: Record<string, string> }> = {
  'cs crafts': { lang: ' lang="en"' },
  'vi buildings': { lang: ' lang="fr"' },
  'th food': { lang: '' },
  'ko nature': { lang: '', headers: { 'content-language': 'ko' } },
}

/** Every page of one site by path. */
export function writePages(texts: SiteTexts): Map<string, Page> {
  const pages = new Map<string, Page>([
    ['/', indexPage(texts)],
    ['/more.html', page(texts, '', texts.more.title, `<p>${texts.more.lead}</p>${oddCases(texts)}`)],
    ['/reserved.html', reservedPage(texts)],
    [
      '/private/hidden.html',
      page(texts, '', texts.more.title, `<p>${texts.more.lead}</p>${img('hidden.jpg', texts.captions.tree)}`),
    ],
    ['/robots.txt', { body: robots(texts), headers: { 'content-type': 'text/plain; charset=utf-8' } }],
    ['/sitemap.xml', { body: sitemap(texts), headers: { 'content-type': 'application/xml' } }],
  ])
  for (const topic of TOPICS) pages.set(`/${topic}.html`, topicPage(texts, topic))
  return pages
}

function page(texts: SiteTexts, key: string, title: string, main: string, head = ''): Page {
  const declared = DECLARED[key]
  const lang = declared ? declared.lang : ` lang="${texts.tag === 'sr-Latn' ? 'sr' : texts.tag}"`
  const dir = texts.tag === 'ar' ? ' dir="rtl"' : ''
  const sign = `<a href="/"><img src="/img/sign.png" alt="${texts.home}"></a>`
  // Animals are not linked: only the sitemap leads there.
  const links = TOPICS.filter((topic) => topic !== 'animals').map(
    (topic) => `<li><a href="/${topic}.html">${texts.topics[topic].title}</a></li>`,
  )
  const body = `<!DOCTYPE html>
<html${lang}${dir}>
<head>
<meta charset="utf-8">
<title>${title}</title>
${head}</head>
<body>
<header>${sign}<nav><ul>${links.join('')}<li><a href="/more.html">${texts.more.title}</a></li></ul></nav></header>
<main>
<h1>${title}</h1>
${main}
</main>
<footer>${sign}<p>${texts.title}</p></footer>
</body>
</html>
`
  return declared?.headers ? { body, headers: declared.headers } : { body }
}

function indexPage(texts: SiteTexts): Page {
  const head = `<meta property="og:image" content="/img/${fileOf('castle')}">
<meta property="og:image:alt" content="${texts.captions.castle}">
`
  const main = `<p>${texts.intro}</p>
<p>${texts.topics.nature.lead}</p>
<ul>
<li><a href="/reserved.html">${texts.reserved.title}</a></li>
<li><a href="/private/hidden.html">${texts.more.title}</a></li>
<li><a href="/old.html">${texts.topics.nature.title}</a></li>
<li><a href="/gone.html">${texts.topics.crafts.title}</a></li>
<li><a href="http://elsewhere.example/">elsewhere.example</a></li>
</ul>`
  return page(texts, '', texts.title, main, head)
}

function topicPage(texts: SiteTexts, topic: Topic): Page {
  const { title, lead } = texts.topics[topic]
  const scenes: readonly Scene[] = SCENES[topic]
  const figures = scenes.map(
    (scene, i) => `<section>${figure(texts, scene, SHAPES[i % SHAPES.length] ?? 'alt')}</section>`,
  )
  const head = topic === 'crafts' ? jsonLd(texts) : ''
  return page(texts, `${texts.tag} ${topic}`, title, `<p>${lead}</p>\n${figures.join('\n')}`, head)
}

/** One picture with its caption, written in one of the ways that web pages have. */
function figure(texts: SiteTexts, scene: Scene, shape: (typeof SHAPES)[number]): string {
  const text = texts.captions[scene]
  const file = SHARED.includes(scene) ? `http://pictures.${DOMAIN}/${fileOf(scene)}` : `/img/${fileOf(scene)}`
  const small = `/img/${scene}-small.jpg`
  // The mosaic's caption stands in the JSON-LD of its page.
  if (scene === 'mosaic') return `<img src="${file}">`
  switch (shape) {
    case 'alt':
      return `<img src="${file}" alt="${text}">`
    case 'figcaption':
      return `<figure><img src="${file}"><figcaption>${text}</figcaption></figure>`
    case 'title':
      return `<img src="${file}" title="${text}">`
    case 'aria':
      return `<span role="img" aria-label="${text}"><img src="${file}" aria-label="${text}"></span>`
    case 'lazy':
      return `<img src="/img/blank.gif" data-src="${file}" loading="lazy" alt="${text}"><noscript><img src="${file}" alt="${text}"></noscript>`
    case 'picture':
      return `<picture><source type="image/webp" srcset="${file.replace('.jpg', '.webp')}"><img src="${file}" alt="${text}"></picture>`
    case 'link':
      return `<a href="/"><img src="${file}" alt="${text}"></a>`
    case 'srcset':
      return SHARED.includes(scene)
        ? `<img srcset="${file} 2x" alt="${text}">`
        : `<img src="${small}" srcset="${small} 160w, ${file} 320w" sizes="100vw" alt="${text}">`
  }
}

function img(file: string, alt: string | null): string {
  return `<p><img src="/img/${file}"${alt === null ? '' : ` alt="${alt}"`}></p>`
}

/** One picture for every way to be dropped, or to have no native text. */
function oddCases(texts: SiteTexts): string {
  const { captions } = texts
  return [
    img('ornament.jpg', ''),
    img('untitled-1.jpg', null),
    img('untitled-2.jpg', null),
    img('IMG_2041.jpg', 'IMG_2041.jpg'),
    img('boat.jpg', 'A small sailing boat in front of the setting sun'),
    img('house-tiny.jpg', captions.house),
    img('river-wide.jpg', captions.river),
    img('plain.png', captions.embroidery),
    img('broken.jpg', captions.castle),
    img('sunset-copy.jpg', captions.sunset),
    img('bridge.jpg', texts.bridgeAgain),
    img('reserved.jpg', captions.owl),
    img('lost.jpg', captions.bread),
    img('old-castle.jpg', captions.castle),
    img('logo.svg', texts.title),
  ].join('\n')
}

function reservedPage(texts: SiteTexts): Page {
  const pictures = img('notrain-1.jpg', texts.captions.windmill) + img('notrain-2.jpg', texts.captions.goldfish)
  const head = '<meta name="robots" content="noai, noimageai">\n'
  return page(texts, '', texts.reserved.title, `<p>${texts.reserved.lead}</p>${pictures}`, head)
}

function jsonLd(texts: SiteTexts): string {
  const data = {
    '@context': 'https://schema.org',
    '@type': 'ImageObject',
    contentUrl: `http://${hostOf(texts)}/img/${fileOf('mosaic')}`,
    caption: texts.captions.mosaic,
    license: 'https://creativecommons.org/publicdomain/zero/1.0/',
  }
  return `<script type="application/ld+json">${JSON.stringify(data)}</script>\n`
}

function robots(texts: SiteTexts): string {
  return `User-agent: *\nDisallow: /private/\n\nSitemap: http://${hostOf(texts)}/sitemap.xml\n`
}

function sitemap(texts: SiteTexts): string {
  const urls = ['/', ...TOPICS.map((topic) => `/${topic}.html`)].map(
    (path) => `<url><loc>http://${hostOf(texts)}${path}</loc></url>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.join('')}</urlset>\n`
}

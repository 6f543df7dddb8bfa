import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const PICTURES_A_PAGE = 100

/** Pages below `gallery/` that show all pictures, each with a text of its own; the first one links to the others. */
export function makeGallery(folder: string, names: readonly string[]): void {
  const home = path.join(folder, 'gallery')
  mkdirSync(home, { recursive: true })
  const pages = Math.ceil(names.length / PICTURES_A_PAGE)
  const links = Array.from({ length: pages }, (_, page) => `<a href="page-${page}.html">Strana ${page}</a>`)
  writeFileSync(path.join(home, 'index.html'), htmlOf('Obrazy', links))
  for (let page = 0; page < pages; page += 1) {
    const shown = names.slice(page * PICTURES_A_PAGE, (page + 1) * PICTURES_A_PAGE)
    const pictures = shown.map((name, at) => `<p><img src="/${name}" alt="${textOf(page * PICTURES_A_PAGE + at)}"></p>`)
    writeFileSync(path.join(home, `page-${page}.html`), htmlOf(`Strana ${page}`, pictures))
  }
}

const WHAT = [
  'Barevná oblaka',
  'Ranní mlha',
  'Večerní červánky',
  'Podzimní listí',
  'Rozkvetlé louky',
  'Zasněžené stráně',
]
const WHERE = ['nad řekou', 'nad starým mlýnem', 'za humny', 'pod hradem', 'u rybníka', 'na kraji lesa', 'nad vesnicí']
const WHEN = ['po dešti', 'před bouřkou', 'za svítání', 'na konci léta', 'v zimě', 'o svatém Martině', 'z jara']

/** A Czech sentence for each picture. */
function textOf(number: number): string {
  const of = (words: readonly string[], turns: number) => words[Math.floor(number / turns) % words.length]
  return `${of(WHAT, 1)} ${of(WHERE, 6)} ${of(WHEN, 42)}, jak je viděl malíř na své ${number + 1}. cestě`
}

function htmlOf(title: string, body: readonly string[]): string {
  return `<!doctype html><html lang="cs"><meta charset="utf-8"><title>${title}</title>\n${body.join('\n')}\n</html>\n`
}

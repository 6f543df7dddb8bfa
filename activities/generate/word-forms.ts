import { foldWord } from './words.ts'

/**
 * When two written words count as forms of one word, so that a name may be declined as grammar asks. Three kinds of
 * language are known: those that change the end of a name (Slavic, Baltic, Finno-Ugric, Turkic, Greek, Romanian,
 * Armenian), those that attach particles (Korean, Arabic, Hebrew), and all others, where only the same string counts.
 */

const ENDINGS: ReadonlySet<string> = new Set(
  'be bg bs cs cnr el et fi hr hu hy kk ky lt lv mk pl ro ru sh sk sl sr tr uk az'.split(' '),
)

/** Particles that follow a Korean noun without a space. */
const KOREAN_PARTICLES =
  '은 는 이 가 을 를 의 에 에서 에게 께 로 으로 와 과 도 만 까지 부터 처럼 보다 이나 나 이다 입니다 이며 이고 에는 에서는 에도 으로는 이라는 라는 들 들이 들을 들은 들의 인'
    .split(' ')
    .sort((a, b) => b.length - a.length)
/** Those that may follow a noun of one syllable and are not the end of names themselves. */
const SAFE_PARTICLES: ReadonlySet<string> = new Set(['는', '을', '를', '에', '에서', '입니다'])

/** Words written together with the next one (and, in, like, for, the), and pronouns and number written at the end. */
const ARABIC = {
  before: ['وبال', 'وال', 'بال', 'فال', 'كال', 'ولل', 'لل', 'ال', 'وب', 'ول', 'وك', 'و', 'ف', 'ب', 'ك', 'ل'],
  after: ['ها', 'هم', 'هن', 'نا', 'ات', 'ين', 'ون', 'ان', 'ه', 'ي'],
}
const HEBREW = { before: ['וה', 'וב', 'ול', 'ומ', 'שה', 'ו', 'ה', 'ב', 'כ', 'ל', 'מ', 'ש'], after: ['ים', 'ות'] }
const MIN_STEM_CHARS = 3

/** Forms under which a folded word is looked up, the word itself first. Words with a common form are forms of one word. */
export function formsOf(fold: string, language: string): string[] {
  const base = language.split('-')[0]
  if (base === 'ko') return koreanForms(fold)
  if (base === 'ar') return affixForms(foldArabic(fold), ARABIC)
  return base === 'he' ? affixForms(fold, HEBREW) : [fold]
}

/** Whether two folded words are forms of one word in `language`; declined forms share at least `shortest` letters. */
export function isSameWord(a: string, b: string, language: string, shortest = 3): boolean {
  if (a === b) return true
  if (ENDINGS.has(language.split('-')[0] ?? '')) return differInEnding(a, b, shortest)
  const forms = new Set(formsOf(a, language))
  return formsOf(b, language).some((form) => forms.has(form))
}

/**
 * Same beginning, other ending. A beginning of four letters may lose two and take three, one of three may lose one
 * and take two (Brno, Brně; Praha, Prahou), one of six may take five (Budapest, Budapestről; Debrecen, Debrecenben).
 * Numbers are never forms of each other.
 */
function differInEnding(a: string, b: string, shortest: number): boolean {
  if (/\p{N}/u.test(a + b)) return false
  let common = 0
  while (common < a.length && common < b.length && a[common] === b[common]) common++
  if (common < shortest) return false
  const shorter = Math.min(a.length, b.length) - common
  const longer = Math.max(a.length, b.length) - common
  if (common >= 6) return shorter <= 2 && longer <= 5
  if (common >= 4) return shorter <= 2 && longer <= 3
  return common === 3 && shorter <= 1 && longer <= 2
}

function koreanForms(fold: string): string[] {
  const forms = [fold]
  for (const particle of KOREAN_PARTICLES) {
    const stem = fold.slice(0, -particle.length)
    if (fold.endsWith(particle) && (stem.length >= 2 || (stem.length === 1 && SAFE_PARTICLES.has(particle)))) {
      forms.push(stem)
    }
  }
  return forms
}

/** Spellings of one Arabic word that differ in vowel marks, lengthening, hamza and final forms. */
function foldArabic(fold: string): string {
  return fold
    .replace(/[\u064b-\u065f\u0670\u0640]/g, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه')
    .replace(/ؤ/g, 'و')
    .replace(/ئ/g, 'ي')
}

function affixForms(fold: string, affixes: { before: readonly string[]; after: readonly string[] }): string[] {
  const forms = new Set([fold])
  for (const before of ['', ...affixes.before]) {
    for (const after of ['', ...affixes.after]) {
      if (!fold.startsWith(before) || !fold.endsWith(after)) continue
      const stem = fold.slice(before.length, fold.length - after.length)
      if (stem.length >= MIN_STEM_CHARS) forms.add(stem)
    }
  }
  return [...forms]
}

/** Folded word as evidence stores it: through the spelling rules of the language. */
export function foldFor(word: string, language: string): string {
  const fold = foldWord(word)
  return language.split('-')[0] === 'ar' ? foldArabic(fold) : fold
}

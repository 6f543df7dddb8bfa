/** ISO 15924 codes of the scripts that living languages are written in, as Unicode's Script property knows them. */
const SCRIPT_CODES = (
  'Latn Cyrl Arab Hani Hang Hira Kana Thai Deva Grek Hebr Beng Ethi Armn Geor Guru Gujr Orya Taml Telu Knda Mlym Sinh ' +
  'Laoo Tibt Mymr Khmr Mong Bopo Cher Cans Nkoo Tfng Syrc Thaa Java Bali Sund Yiii Vaii Adlm Olck Cham Lana Talu Tale ' +
  'Mtei Copt Rohg Bugi Limb Lepc Saur Kali Cakm Lisu Bamu Osge Batk Hmnp Wcho Nand'
).split(' ')

const PATTERNS = SCRIPT_CODES.map((code) => ({ code, pattern: new RegExp(`\\p{Script=${code}}`, 'u') }))
const LETTER = /\p{L}/u
const MARK = /\p{M}/u

/** Code points are few and texts many: what was looked up once is remembered. Null for what is no letter. */
const known = new Map<string, string | null>()

export interface ScriptShare {
  /** ISO 15924; `Zyyy` for letters of no script in the table. */
  script: string
  /** Share of the text's letters, rounded to 4 decimals. */
  share: number
}

/** Letters (Unicode category L) of a text, and the share of each script, largest first, equal ones by code. */
export function scriptShares(text: string): { letters: number; shares: ScriptShare[] } {
  const counts = new Map<string, number>()
  let letters = 0
  for (const char of text) {
    const script = scriptOfLetter(char)
    if (script === null) continue
    letters++
    counts.set(script, (counts.get(script) ?? 0) + 1)
  }
  const shares = [...counts].map(([script, count]) => ({ script, share: round(count / letters) }))
  shares.sort((a, b) => b.share - a.share || (a.script < b.script ? -1 : 1))
  return { letters, shares }
}

/** Script of one letter (a whole code point), null when it is none. */
export function scriptOfLetter(char: string): string | null {
  const remembered = known.get(char)
  if (remembered !== undefined) return remembered
  const script = LETTER.test(char) ? (PATTERNS.find(({ pattern }) => pattern.test(char))?.code ?? 'Zyyy') : null
  known.set(char, script)
  return script
}

/** Latin names and brands stand in texts of every script; a third of another script's letters makes the text that one's. */
const LATIN_WEIGHT = 0.5

/**
 * The script that a text is written in: the one with most letters, where a Latin letter counts half. `Zyyy`, share 0,
 * without letters.
 */
export function dominantScript(shares: readonly ScriptShare[]): ScriptShare {
  const weight = ({ script, share }: ScriptShare) => (script === 'Latn' ? share * LATIN_WEIGHT : share)
  return shares.reduce((best, each) => (weight(each) > weight(best) ? each : best), { script: 'Zyyy', share: 0 })
}

/** Chinese, Japanese and Korean mix these; to a detector they are one. Named by its largest member. */
const EAST_ASIAN = new Set(['Hani', 'Hira', 'Kana', 'Hang', 'Bopo'])

/**
 * The text once for each script in it, with the letters of all others replaced by spaces: detectors look at the
 * script first and are thrown off course by a foreign word. East Asian scripts stay together. In order of first
 * appearance; a text without letters gives nothing.
 */
export function splitByScript(text: string): { family: string; text: string }[] {
  const families = new Set<string>()
  for (const char of text) {
    const script = scriptOfLetter(char)
    if (script !== null) families.add(scriptFamily(script))
  }
  if (families.size === 1) return [...families].map((family) => ({ family, text }))
  return [...families].map((family) => ({ family, text: onlyFamily(text, family) }))
}

/** The script that stands for those it is mixed with. */
export function scriptFamily(script: string): string {
  return EAST_ASIAN.has(script) ? 'Hani' : script
}

function onlyFamily(text: string, family: string): string {
  let only = ''
  let keep = true
  for (const char of text) {
    const script = scriptOfLetter(char)
    // A mark belongs to the letter before it.
    if (script !== null) keep = scriptFamily(script) === family
    else if (!MARK.test(char)) keep = true
    only += keep ? char : ' '
  }
  return only
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000
}

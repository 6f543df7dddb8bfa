import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadModule } from 'cld3-asm'
import { eld } from 'eld/large'

/** What a detector makes of a text: BCP 47 tag, `und` for none, and a score from 0 to 1 of its own kind. */
export interface Detection {
  lang: string
  score: number
  /** By the detector's own limit. */
  reliable: boolean
}

/** Language detectors, loaded once per process. Pure: the same text gives the same answer on every machine. */
export interface LanguageDetectors {
  /** Names and versions that enter the identity of every step that asks. */
  definition: Readonly<Record<string, string>>
  /** n-gram detector for 60 languages; reads about the first 350 bytes of UTF-8. */
  eld(text: string): Detection & { scores: Readonly<Record<string, number>> }
  /** Neural detector for 107 languages; reads the first 700 bytes of UTF-8. */
  cld3(text: string): Detection
  /** Whether eld could answer with this base language at all. */
  eldKnows(lang: string): boolean
}

/** cld3 splits off nothing and answers for the shortest text; by itself it would be silent below 140 bytes. */
const CLD3_MIN_BYTES = 0
const CLD3_MAX_BYTES = 700

/** Loads both models: some 50 MB and 0.3 s. */
export async function loadDetectors(): Promise<LanguageDetectors> {
  const cld = (await loadModule()).create(CLD3_MIN_BYTES, CLD3_MAX_BYTES)
  const known = new Set(Object.values(eld.info().Languages).map(canonicalTag))
  return {
    definition: {
      eld: `large ${packageVersion('eld/large')}`,
      cld3: packageVersion('cld3-asm'),
    },
    eld: (text) => {
      const result = eld.detect(text.toWellFormed())
      const lang = result.language === '' ? 'und' : canonicalTag(result.language)
      // Most callers want the label only; building the scores of 60 languages costs more than finding it.
      let scores: Readonly<Record<string, number>> | undefined
      const allScores = () => (scores ??= byCanonicalTag(result.getScores()))
      return {
        lang,
        reliable: result.isReliable(),
        get score() {
          return allScores()[lang] ?? 0
        },
        get scores() {
          return allScores()
        },
      }
    },
    cld3: (text) => {
      const result = cld.findLanguage(text.replaceAll('\0', ' ').toWellFormed())
      return { lang: canonicalTag(result.language), score: round(result.probability), reliable: result.is_reliable }
    },
    eldKnows: (lang) => known.has(lang),
  }
}

function byCanonicalTag(scores: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(scores).map(([lang, score]) => [canonicalTag(lang), round(score)]))
}

const canonical = new Map<string, string>()

/** The detectors' own codes include retired ones: `iw` is `he`, `tl` is `fil`. They are few, so each is asked once. */
function canonicalTag(code: string): string {
  const known = canonical.get(code)
  if (known !== undefined) return known
  const tag = Intl.getCanonicalLocales(code)[0] ?? 'und'
  canonical.set(code, tag)
  return tag
}

function round(score: number): number {
  return Math.round(score * 10_000) / 10_000
}

/** Version of the package that an import resolves to: neither package lets its own `package.json` be imported. */
function packageVersion(specifier: string): string {
  let folder = dirname(fileURLToPath(import.meta.resolve(specifier)))
  for (;;) {
    const file = join(folder, 'package.json')
    const found = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
      : undefined
    if (found !== undefined) return found
    folder = dirname(folder)
  }
}

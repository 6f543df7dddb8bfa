import type { TextType } from './candidate.ts'

/** The resolved release spec: defaults filled in, languages minimised. What may change an output byte, and nothing else (but `base_url`). */

/** Opt-out signals that the crawl heeds: robots.txt; noai and noimageai; TDM reservation; AI preferences. Table: docs/opt-outs.md. */
export const HONOUR = ['robots', 'noai', 'tdm', 'ai-pref'] as const
export type Honour = (typeof HONOUR)[number]

export interface CrawlSection {
  /** Declared language (BCP 47, `und` when unknown) -> URLs, as `new URL().href` writes them, without fragment. */
  seeds: Record<string, string[]>
  /** What a seed covers: its own page, its host (with port), or its registrable domain. */
  scope: 'page' | 'host' | 'domain'
  limits: {
    pages_per_host: number
    /** Links from a seed; 0 is the seeds alone. */
    depth: number
    max_body_mib: number
    seconds_per_page: number
    give_up_hours: number
  }
  politeness: {
    /** Pause between two requests to one host. */
    delay_ms: number
    /** Simultaneous requests to one host, and to one address. */
    per_host: number
    per_address: number
    /** Printable ASCII with a contact: a URL or a mail address. */
    user_agent: string
    honour: Honour[]
  }
}

export interface ImageSection {
  format: 'jpeg' | 'webp' | 'png'
  /** 1 to 100; png has none and ignores it. */
  quality: number
  /** `#rrggbb`, under transparent pixels. */
  background: string
  /** Released pictures are scaled down to this, in pixels of the longer side. */
  max_side: number
  /** Limits of the picture as fetched, after orientation: pixels of the shorter side, longer over shorter side, bytes. */
  min_side: number
  max_ratio: number
  min_bytes: number
}

export interface FilterSection {
  /** Highest scores that are kept, 0 to 1; 1 keeps all. Null: pictures are not classified, and have no scores. */
  nsfw: { porn: number; hentai: number; sexy: number } | null
  /** Pictures of one language at most `pdq` bits apart are one: 0 to 31. */
  near_image: { pdq: number; scope: 'language' }
  /** What counts first for the language of a text, and the languages that are refused where they are likelier than that. */
  language: { prior: 'page' | 'declared' | 'text'; contrast: string[] }
  /** A text that stands at least `count` times on a host and on at least `share` of its pages with pictures is boilerplate. */
  boilerplate: { count: number; share: number }
  /** Types of alternative text that are not taken as native text. */
  drop_types: TextType[]
  /** Length of a native text in characters (code points). */
  text: { min_chars: number; max_chars: number }
  /** Samples of one language that may have the same native text. */
  max_same_text: number
}

/** Providers of generated text, each one adapter. */
export const PROVIDERS = ['openai', 'apertium', 'libretranslate'] as const
export type Provider = (typeof PROVIDERS)[number]

export interface ModelCall {
  provider: Provider
  /** A setting that may stand in the spec for convenience; not part of the identity. Empty: the setting must name it. */
  base_url: string
  /** Empty for translators that have one model. */
  model: string
  revision: string
  /** Id of the prompt file, `task/name@version`; empty for translators that take none. */
  prompt: string
  params: { temperature: number; seed: number; max_tokens: number }
  /** Apertium's language pair, such as `eng|spa`; null for the others. */
  pair: string | null
  /** Language of captions that are then translated (BCP 47). */
  pivot: string
}

export interface SelectSection {
  /** Language -> samples wanted; no entry: all. */
  target: Record<string, number>
  /** Largest share of a language's samples (counted before select) from one host, over 0 to 1. */
  max_per_host: number
  /** Split -> share; they add up to 1. */
  splits: Record<string, number>
}

export interface PackageSection {
  formats: ('parquet' | 'webdataset' | 'sft')[]
  images: 'bytes' | 'links'
  shard_mib: number
}

export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T

/** What differs for one language: objects are merged into the general sections, lists and scalars replace, null switches off. */
export interface LanguageOverride {
  filters?: DeepPartial<FilterSection> | undefined
  caption?: DeepPartial<ModelCall> | null | undefined
  translate?: DeepPartial<ModelCall> | null | undefined
  thick?: DeepPartial<ModelCall> | null | undefined
}

export interface ReleaseSpec {
  dataset: string
  version: string
  /** YYYY-MM-DD. */
  date: string
  base: string | null
  /** Minimised BCP 47 tags, in the order of the file. */
  languages: string[]
  card: {
    title: string
    creators: string[]
    contact: string
    licence: string
    citation: string | null
    description: string | null
  }
  /** Ids of frozen crawls; empty when `crawl` is given. */
  crawls: string[]
  crawl: CrawlSection | null
  image: ImageSection
  filters: FilterSection
  caption: ModelCall | null
  translate: ModelCall | null
  thick: ModelCall | null
  overrides: Record<string, LanguageOverride>
  select: SelectSection
  package: PackageSection
}

/** What holds for one language after its overrides: `null` for a generation that is off. */
export interface LanguagePlan {
  filters: FilterSection
  caption: ModelCall | null
  translate: ModelCall | null
  thick: ModelCall | null
}

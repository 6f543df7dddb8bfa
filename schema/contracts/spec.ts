/** The resolved release spec: defaults filled in, languages minimised. What may change an output byte, and nothing else. */

export interface SeedList {
  urls: string[]
  sitemaps: string[]
  warc: string[]
}

export type Honour = 'robots' | 'noai' | 'tdm' | 'ai-pref'

export interface CrawlSection {
  /** Declared language (BCP 47, `und` when unknown) -> seeds. */
  seeds: Record<string, string[]>
  scope: 'page' | 'host' | 'domain'
  limits: {
    pages_per_host: number
    depth: number
    max_body_mib: number
    seconds_per_page: number
    give_up_hours: number
  }
  politeness: {
    delay_ms: number
    per_host: number
    per_address: number
    user_agent: string
    honour: Honour[]
  }
}

export interface ImageSection {
  format: 'jpeg' | 'webp' | 'png'
  quality: number
  background: string
  max_side: number
  min_side: number
  max_ratio: number
  min_bytes: number
}

export interface FilterSection {
  nsfw: { porn: number; hentai: number; sexy: number }
  near_image: { pdq: number; scope: 'language' }
  language: { prior: 'page' | 'declared' | 'text'; contrast: string[] }
  /** A text that stands at least `count` times on a host and on at least `share` of its pages with pictures is boilerplate. */
  boilerplate: { count: number; share: number }
  /** Types of alternative text that are not taken as native text. */
  drop_types: import('./candidate.ts').TextType[]
  text: { min_chars: number; max_chars: number }
  max_same_text: number
}

export interface ModelCall {
  provider: 'openai' | 'apertium' | 'libretranslate'
  /** A setting that may stand in the spec for convenience; not part of the identity. */
  base_url: string
  model: string
  revision: string
  prompt: string
  params: { temperature: number; seed: number; max_tokens: number }
  /** Apertium: `eng|spa`; others: none. */
  pair?: string
  /** Pivot language of captions (BCP 47). */
  pivot: string
}

export interface SelectSection {
  target: Record<string, number>
  max_per_host: number
  splits: Record<string, number>
}

export interface PackageSection {
  formats: ('parquet' | 'webdataset' | 'sft')[]
  images: 'bytes' | 'links'
  shard_mib: number
}

export interface LanguageOverride {
  filters?: Partial<FilterSection>
  caption?: Partial<ModelCall> | null
  translate?: Partial<ModelCall> | null
  thick?: Partial<ModelCall> | null
}

export interface ReleaseSpec {
  dataset: string
  version: string
  date: string
  base: string | null
  languages: string[]
  card: {
    title: string
    creators: string[]
    contact: string
    licence: string
    citation: string | null
    description: string | null
  }
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

import type {
  CrawlSection,
  FilterSection,
  ImageSection,
  ModelCall,
  PackageSection,
  Provider,
  ReleaseSpec,
  SelectSection,
} from '../contracts/spec.ts'

/** Generated texts, in the order in which they are made. */
export const TASKS = ['caption', 'translate', 'thick'] as const
export type Task = (typeof TASKS)[number]

export const CRAWL_DEFAULTS: Omit<CrawlSection, 'seeds'> = {
  scope: 'host',
  limits: { pages_per_host: 500, depth: 4, max_body_mib: 10, seconds_per_page: 30, give_up_hours: 24 },
  politeness: {
    delay_ms: 1000,
    per_host: 1,
    per_address: 1,
    user_agent: '',
    honour: ['robots', 'noai', 'tdm', 'ai-pref'],
  },
}

export const IMAGE_DEFAULTS: ImageSection = {
  format: 'jpeg',
  quality: 90,
  background: '#ffffff',
  max_side: 1024,
  min_side: 200,
  max_ratio: 3,
  min_bytes: 5000,
}

export const FILTER_DEFAULTS: FilterSection = {
  nsfw: { porn: 0.85, hentai: 0.9, sexy: 1 },
  near_image: { pdq: 31, scope: 'language' },
  language: { prior: 'page', contrast: ['en'] },
  boilerplate: { count: 20, share: 0.25 },
  drop_types: ['filename', 'seo'],
  text: { min_chars: 1, max_chars: 2000 },
  max_same_text: 10,
}

export const SELECT_DEFAULTS: Omit<SelectSection, 'splits'> = { target: {}, max_per_host: 1 }
/** Taken whole when the spec names no splits: shares of two lists cannot be merged. */
export const DEFAULT_SPLITS: SelectSection['splits'] = { train: 0.98, test: 0.02 }

export const PACKAGE_DEFAULTS: PackageSection = { formats: ['parquet'], images: 'bytes', shard_mib: 400 }

export const CARD_DEFAULTS: ReleaseSpec['card'] = {
  title: '',
  creators: [],
  contact: '',
  licence: 'other',
  citation: null,
  description: null,
}

const PROMPTS: Readonly<Record<Task, string>> = {
  caption: 'caption/six-points@1',
  translate: 'translate/faithful@1',
  thick: 'thick/grounded@1',
}

/** What a model call says when the spec does not: translators other than language models take no prompt. */
export function callDefaults(task: Task, provider: Provider): ModelCall {
  return {
    provider,
    base_url: '',
    model: '',
    revision: '',
    prompt: provider === 'openai' ? PROMPTS[task] : '',
    params: { temperature: 0, seed: 7, max_tokens: 512 },
    pair: null,
    pivot: 'en',
  }
}

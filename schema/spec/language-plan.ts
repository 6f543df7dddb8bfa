import type { DeepPartial, FilterSection, LanguagePlan, ModelCall, ReleaseSpec } from '../contracts/spec.ts'
import { callDefaults, FILTER_DEFAULTS, type Task } from './spec-defaults.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What holds for language `tag`: the general sections with its overrides merged in. */
export function resolveLanguage(spec: ReleaseSpec, tag: string): LanguagePlan {
  const override = Object.hasOwn(spec.overrides, tag) ? (spec.overrides[tag] ?? {}) : {}
  const call = (task: Task): ModelCall | null => {
    const special = override[task]
    if (special === null) return null
    if (special === undefined) return spec[task]
    return completeCall(task, special, spec[task])
  }
  return {
    filters: filtersOf(spec.filters, override.filters ?? {}),
    caption: call('caption'),
    translate: call('translate'),
    thick: call('thick'),
  }
}

/** A language that classifies where the others do not starts from the defaults. */
function filtersOf(general: FilterSection, over: DeepPartial<FilterSection>): FilterSection {
  const nsfw = general.nsfw ?? (over.nsfw ? FILTER_DEFAULTS.nsfw : null)
  return mergeDeep({ ...general, nsfw }, over)
}

/**
 * Whether scores of pictures count for language `tag`, in any of the spec's languages without one. Where they do not,
 * scores that another release has stored are not read either.
 */
export function isClassified(spec: ReleaseSpec, tag?: string): boolean {
  const tags = tag === undefined ? spec.languages : [tag]
  return tags.some((one) => resolveLanguage(spec, one).filters.nsfw !== null)
}

/**
 * A model call with everything filled in: what is written over the general call over the defaults of its provider.
 * A call with another provider than the general one starts from its own defaults. Null for provider `none`.
 */
export function completeCall(
  task: Task,
  written: DeepPartial<Omit<ModelCall, 'provider'>> & { provider?: ModelCall['provider'] | 'none' | undefined },
  general: ModelCall | null,
): ModelCall | null {
  const provider = written.provider ?? general?.provider ?? 'openai'
  if (provider === 'none') return null
  const base = general?.provider === provider ? general : callDefaults(task, provider)
  return mergeDeep(base, { ...written, provider })
}

/** `over` on `base`: objects key by key, everything else replaced; undefined leaves the base. Keys keep the base's order. */
export function mergeDeep<T extends object>(base: T, over: NoInfer<DeepPartial<T>>): T {
  const merged = { ...base } as Record<string, unknown>
  for (const [key, value] of Object.entries(over as Record<string, Json | undefined>)) {
    if (value === undefined) continue
    const old = merged[key]
    merged[key] = isPlainObject(old) && isPlainObject(value) ? mergeDeep(old, value) : value
  }
  return merged as T
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a definition holds; see the pipeline's steps. */
export interface DefinitionBody {
  rev: number
  config: unknown
  tools: unknown
}

export interface StepCount {
  step: string
  /** Inputs of the step in this release. */
  done: number
  /** How many of them this release computed. */
  computed: number
}

/** Steps whose result is the release itself: nothing stored could stand for them. */
const MADE_EACH_TIME: ReadonlySet<string> = new Set(['preselect', 'select', 'package', 'package-file'])
/** Differences named before the rest is only counted. */
const MOST_NAMED = 3
const LONGEST_VALUE = 24

/**
 * Why a step computed something in this release although an earlier one of its dataset is there: what of its definition
 * is another (rev, config, tools), else that inputs are new. Empty when it computed nothing.
 */
export function whyRedone(
  count: StepCount,
  before: DefinitionBody | undefined,
  now: DefinitionBody | undefined,
): string {
  if (count.computed === 0) return ''
  if (before === undefined || now === undefined) {
    if (MADE_EACH_TIME.has(count.step)) return 'made for each release'
    return before === undefined && now === undefined ? '' : 'new step'
  }
  const changes = [
    ...(before.rev === now.rev ? [] : [`rev ${before.rev} -> ${now.rev}`]),
    ...named('config', before.config, now.config),
    ...named('tools', before.tools, now.tools),
  ]
  if (changes.length > 0) return `definition changed: ${changes.join('; ')}`
  if (MADE_EACH_TIME.has(count.step)) return 'made for each release'
  return `inputs changed: ${count.computed} of ${count.done} are new`
}

function named(part: string, before: unknown, now: unknown): string[] {
  const all = [...differences('', before, now)]
  if (all.length === 0) return []
  const rest = all.length > MOST_NAMED ? `, and ${all.length - MOST_NAMED} more` : ''
  return [`${part} ${all.slice(0, MOST_NAMED).join(', ')}${rest}`]
}

/** Each leaf that differs as `path old -> new`, in the order of paths. Definitions are small and made by this project. */
function* differences(path: string, before: unknown, now: unknown): Generator<string> {
  if (isRecord(before) && isRecord(now)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(now)])].sort())
      yield* differences(path === '' ? key : `${path}.${key}`, before[key], now[key])
  } else if (JSON.stringify(before) !== JSON.stringify(now)) {
    yield `${path === '' ? '' : `${path} `}${shown(before)} -> ${shown(now)}`
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value)
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`
}

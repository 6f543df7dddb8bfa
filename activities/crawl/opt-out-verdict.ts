import type { StoredSignal } from '../../schema/contracts/opt-out.ts'
import type { Honour } from '../../schema/contracts/spec.ts'
import { isPast, signalDate } from './signal-date.ts'

/** What is judged: a page as a source of pictures with their texts, or one picture by its own response. */
export type OptOutSubject = 'page' | 'picture'

export interface OptOutRules {
  honour: readonly Honour[]
  /** Our product token: signals for other crawlers do not count. */
  token: string
  subject: OptOutSubject
  /**
   * YYYY-MM-DD of the release that is judged. Null while crawling: a crawl has no date, so dates reserve nothing there and
   * are judged by the release, whenever either of them ran.
   */
  date: string | null
}

interface OptOutVerdict<Signal> {
  reserved: boolean
  /** Every signal that reserves, in order of arrival. */
  by: Signal[]
}

/**
 * Which signals reserve under which entry of `honour` (table in docs/opt-outs.md). `noai`, `noml` (its third spelling) and
 * `noimageai` keep a picture, or all pictures of a page, out of training sets. Under `robots` also `noindex`, `none` and
 * `noimageindex`: whoever keeps a picture out of public indexes does not want it in a published set. `noarchive` and
 * `nosnippet` are evidence only.
 */
const RESERVING: Record<'noai' | 'robots', ReadonlySet<string>> = {
  noai: new Set(['noai', 'noimageai', 'noml']),
  robots: new Set(['noindex', 'none', 'noimageindex']),
}

/** The word for "may not be used to train": of AI preferences, and of content signals. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['train-ai', 'n'],
  ['ai-train', 'no'],
])

/** Whether the signals of a page, or of a picture, reserve it under what the spec honours. The strictest one wins. */
export function optOutVerdict<Signal extends StoredSignal>(
  signals: readonly Signal[],
  rules: OptOutRules,
): OptOutVerdict<Signal> {
  const ours = signals.filter((signal) => isForUs(signal, rules.token))
  const tdm = rules.honour.includes('tdm') ? tdmReservation(ours, rules.subject) : null
  const by = ours.filter((signal) => signal === tdm || isReserving(signal, rules))
  return { reserved: by.length > 0, by }
}

/** Signals kept of one response: honest ones have a handful. */
const MAX_EVIDENCE = 200
const MAX_EVIDENCE_BY = 50

/** As much of the signals as is kept, in their order: those that reserve before the others. */
export function evidenceOf<Signal extends StoredSignal>(
  signals: readonly Signal[],
  { by }: OptOutVerdict<Signal>,
): Signal[] {
  const kept = new Set([...by.slice(0, MAX_EVIDENCE_BY), ...signals.slice(0, MAX_EVIDENCE - MAX_EVIDENCE_BY)])
  return signals.length <= MAX_EVIDENCE ? [...signals] : signals.filter((signal) => kept.has(signal))
}

/** The signal by which a page does not let its links be followed, null when it does: `nofollow` and `none`, under `robots`. */
export function linkRefusal<Signal extends StoredSignal>(
  signals: readonly Signal[],
  rules: Pick<OptOutRules, 'honour' | 'token'>,
): Signal | null {
  if (!rules.honour.includes('robots')) return null
  const isRefusal = ({ signal, where }: StoredSignal) =>
    where !== 'link' && (signal === 'nofollow' || signal === 'none')
  return signals.find((signal) => isRefusal(signal) && isForUs(signal, rules.token)) ?? null
}

/** The first moment from which a page or picture is not available, by the signals that are heeded; null when none is set. */
export function unavailableAfter(
  signals: readonly StoredSignal[],
  rules: Pick<OptOutRules, 'honour' | 'token'>,
): Date | null {
  if (!rules.honour.includes('robots')) return null
  const dates = signals.flatMap((signal) => {
    const date = signal.signal === 'unavailable_after' && isForUs(signal, rules.token) ? signalDate(signal.value) : null
    return date === null ? [] : [date.getTime()]
  })
  return dates.length === 0 ? null : new Date(Math.min(...dates))
}

/** Whether a picture's own metadata forbids training on it: every `PROHIBITED` term of PLUS. */
export function forbidsMining(term: string): boolean {
  return /^DMI-PROHIBITED/i.test(term)
}

const isForUs = ({ agent }: StoredSignal, token: string) => agent === null || agent === token.toLowerCase()

function isReserving({ signal, value, where }: StoredSignal, { honour, date }: OptOutRules): boolean {
  if (where === 'link') return false
  if (where === 'picture') return honour.includes('tdm') && signal === 'data-mining' && forbidsMining(value)
  if (honour.includes('noai') && RESERVING.noai.has(signal)) return true
  if (honour.includes('robots') && RESERVING.robots.has(signal)) return true
  if (honour.includes('robots') && signal === 'unavailable_after' && date !== null) return isPast(value, date)
  return honour.includes('ai-pref') && REFUSALS.get(signal) === value
}

/**
 * A page's meta element overrides its header, and that the file of its origin, whichever way; values other than 0 and 1
 * are not there, and absence resets nothing (TDMRep, "Processing priority").
 */
function tdmReservation<Signal extends StoredSignal>(
  signals: readonly Signal[],
  subject: OptOutSubject,
): Signal | null {
  const set = signals.filter(({ signal, value }) => signal === 'tdm-reservation' && (value === '0' || value === '1'))
  const places = subject === 'page' ? (['meta', 'header', 'tdmrep'] as const) : (['header', 'tdmrep'] as const)
  for (const place of places) {
    const here = set.filter(({ where }) => where === place)
    if (here.length > 0) return here.find(({ value }) => value === '1') ?? null
  }
  return null
}

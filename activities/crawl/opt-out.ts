import { parseDictionary, Token } from 'structured-headers'
import type { Honour } from '../../schema/contracts/spec.ts'

/** One machine-readable wish of a site's owner, kept as evidence whether or not it is honoured. */
export interface OptOutSignal {
  /** Lower case: `noai`, `noindex`, `tdm-reservation`, `train-ai`, … */
  signal: string
  /** Raw, as far as the signal has a value; else empty. */
  value: string
  where: 'header' | 'meta'
  /** Crawler that it is addressed to, lower case; null for all. */
  agent: string | null
}

export interface OptOutVerdict {
  reserved: boolean
  /** The first signal that reserves, in order of arrival. */
  by: OptOutSignal | null
}

/** What is judged: a page as a source of pictures with their texts, or one picture by its own response. */
export type OptOutSubject = 'page' | 'picture'

/** A header or attribute longer than this says nothing more that is read. */
const MAX_TEXT = 4000
const MAX_VALUE = 500

/** Directives of X-Robots-Tag that have a value after a colon; any other name before a colon is a crawler's. */
const VALUED = new Set(['unavailable_after', 'max-snippet', 'max-image-preview', 'max-video-preview'])

/**
 * Which signals reserve under which entry of `honour`. `noai`, `noml` (its third spelling) and `noimageai` keep a
 * picture, or all pictures of a page, out of training sets. Under `robots` also `noindex`, `none` and `noimageindex`:
 * whoever keeps a picture out of public indexes does not want it in a published set. `nofollow`, `noarchive`,
 * `nosnippet` and dates are evidence only.
 */
const RESERVING: Record<'noai' | 'robots', ReadonlySet<string>> = {
  noai: new Set(['noai', 'noimageai', 'noml']),
  robots: new Set(['noindex', 'none', 'noimageindex']),
}

/** Signals in a response's headers: X-Robots-Tag, tdm-reservation, tdm-policy, Content-Usage. */
export function headerSignals(headers: readonly (readonly [string, string])[]): OptOutSignal[] {
  return headers.flatMap(([name, value]): OptOutSignal[] => {
    const text = clean(value)
    switch (name.toLowerCase()) {
      case 'x-robots-tag':
        return robotsTag(text, 'header', null)
      case 'tdm-reservation':
      case 'tdm-policy':
        return [{ signal: name.toLowerCase(), value: text.slice(0, MAX_VALUE), where: 'header', agent: null }]
      case 'content-usage':
        return usage(text)
      default:
        return []
    }
  })
}

/** Signals in a page's meta elements; names other than `robots` and the TDM ones are taken for crawlers' names. */
export function metaSignals(directives: readonly { name: string; content: string }[]): OptOutSignal[] {
  return directives.flatMap(({ name, content }): OptOutSignal[] => {
    const key = name.trim().toLowerCase()
    const text = clean(content)
    if (key === 'tdm-reservation' || key === 'tdm-policy') {
      return [{ signal: key, value: text.slice(0, MAX_VALUE), where: 'meta', agent: null }]
    }
    return robotsTag(text, 'meta', key === 'robots' ? null : key)
  })
}

/**
 * Whether the signals of a page or of a picture's response reserve it, under what the spec honours. Signals for other
 * crawlers than `token` do not count.
 */
export function optOutVerdict(
  signals: readonly OptOutSignal[],
  rules: { honour: readonly Honour[]; token: string; subject: OptOutSubject },
): OptOutVerdict {
  const token = rules.token.toLowerCase()
  const ours = signals.filter(({ agent }) => agent === null || agent === token)
  const tdm = rules.honour.includes('tdm') ? tdmReservation(ours, rules.subject) : null
  const by = ours.find((signal) => signal === tdm || isReserving(signal, rules.honour)) ?? null
  return { reserved: by !== null, by }
}

function isReserving({ signal, value }: OptOutSignal, honour: readonly Honour[]): boolean {
  if (honour.includes('noai') && RESERVING.noai.has(signal)) return true
  if (honour.includes('robots') && RESERVING.robots.has(signal)) return true
  return honour.includes('ai-pref') && signal === 'train-ai' && value === 'n'
}

/** A page's meta element overrides the header, whichever way; values other than 0 and 1 are not there (TDMRep). */
function tdmReservation(signals: readonly OptOutSignal[], subject: OptOutSubject): OptOutSignal | null {
  const set = signals.filter(({ signal, value }) => signal === 'tdm-reservation' && (value === '0' || value === '1'))
  const metas = subject === 'page' ? set.filter(({ where }) => where === 'meta') : []
  const deciding = metas.length > 0 ? metas : set.filter(({ where }) => where === 'header')
  return deciding.find(({ value }) => value === '1') ?? null
}

/** `noindex, botname: noai, unavailable_after: 25 Jun 2030 15:00:00 GMT`: a name holds for all rules after it. */
function robotsTag(text: string, where: OptOutSignal['where'], addressee: string | null): OptOutSignal[] {
  const signals: OptOutSignal[] = []
  let agent = addressee
  const parts = text.split(',')
  for (let i = 0; i < parts.length; i += 1) {
    let rule = (parts[i] ?? '').trim()
    for (let colon = rule.indexOf(':'); colon >= 0; colon = rule.indexOf(':')) {
      const name = rule.slice(0, colon).trim().toLowerCase()
      if (VALUED.has(name)) break
      agent = name
      rule = rule.slice(colon + 1).trim()
    }
    const [signal = '', ...rest] = rule.split(':')
    let value = rest.join(':').trim()
    const isDateCut = signal.trim().toLowerCase() === 'unavailable_after' && /^[A-Za-z]*$/.test(value)
    if (isDateCut && i + 1 < parts.length) value = `${value},${parts[(i += 1)]}`
    if (signal.trim() === '') continue
    signals.push({ signal: signal.trim().toLowerCase().slice(0, 100), value: value.slice(0, MAX_VALUE), where, agent })
  }
  return signals
}

/** `Content-Usage: train-ai=n` (RFC 9651 dictionary); what does not parse says nothing. */
function usage(text: string): OptOutSignal[] {
  try {
    return [...parseDictionary(text)].flatMap(([label, [item]]): OptOutSignal[] =>
      item instanceof Token ? [{ signal: label, value: item.toString(), where: 'header', agent: null }] : [],
    )
  } catch {
    return [] // a preference that cannot be read is an unknown one
  }
}

/** Values go into tables: well-formed, without NUL, bounded. */
const clean = (text: string) => text.slice(0, MAX_TEXT).replaceAll('\0', '').toWellFormed().trim()

import type { OptOutSignal, SignalPlace } from '../../schema/contracts/opt-out.ts'
import { contentSignals, contentUsage, type Statement } from './ai-preferences.ts'

/** A header or attribute longer than this says nothing more that is read. */
const MAX_TEXT = 4000
const MAX_VALUE = 500
/** As much of the text as evidence quotes. */
const MAX_RAW = 300

/** Directives of X-Robots-Tag that have a value after a colon; any other name before a colon is a crawler's. */
const VALUED = new Set(['unavailable_after', 'max-snippet', 'max-image-preview', 'max-video-preview'])

type Place = Extract<SignalPlace, 'header' | 'meta'>

/** Signals in a response's headers: X-Robots-Tag, tdm-reservation, tdm-policy, Content-Usage, Content-Signal. */
export function headerSignals(headers: readonly (readonly [string, string])[]): OptOutSignal[] {
  const named = (name: string) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  return [
    ...headers.flatMap(([name, value]) => {
      const key = name.toLowerCase()
      if (key === 'x-robots-tag') return robotsTag(clean(value), { where: 'header', title: 'X-Robots-Tag' }, null)
      return key === 'tdm-reservation' || key === 'tdm-policy' ? [tdmSignal(key, value, 'header')] : []
    }),
    // Lines of one structured field are one value (RFC 9651 4.2).
    ...preferences('Content-Usage', named('content-usage').join(', '), 'header'),
    ...preferences('Content-Signal', named('content-signal').join(', '), 'header'),
  ]
}

/** Signals in a page's meta elements; names that are neither `robots` nor a reservation's are taken for crawlers' names. */
export function metaSignals(directives: readonly { name: string; content: string }[]): OptOutSignal[] {
  return directives.flatMap(({ name, content }): OptOutSignal[] => {
    const key = name.trim().toLowerCase()
    switch (key) {
      case 'tdm-reservation':
      case 'tdm-policy':
        return [tdmSignal(key, content, 'meta')]
      // Defined for headers and robots.txt; an owner who writes them here means the same.
      case 'content-usage':
        return preferences('Content-Usage', content, 'meta')
      case 'content-signal':
        return preferences('Content-Signal', content, 'meta')
      default: {
        const isForAll = key === 'robots' || key === 'x-robots-tag'
        return robotsTag(clean(content), { where: 'meta', title: key }, isForAll ? null : key)
      }
    }
  })
}

/** Evidence quotes text: bounded, well-formed, without NUL. */
export function quoted(title: string, text: string): string {
  return cut(`${title}: ${clean(text)}`, MAX_RAW)
}

function tdmSignal(signal: 'tdm-reservation' | 'tdm-policy', text: string, where: Place): OptOutSignal {
  return { signal, value: cut(clean(text), MAX_VALUE), raw: quoted(signal, text), where, agent: null }
}

function preferences(title: 'Content-Usage' | 'Content-Signal', text: string, where: Place): OptOutSignal[] {
  if (text === '') return []
  const statements: Statement[] = title === 'Content-Usage' ? contentUsage(clean(text)) : contentSignals(clean(text))
  const raw = quoted(title, text)
  return statements.map(({ label, value }) => ({ signal: label, value, raw, where, agent: null }))
}

/** `noindex, botname: noai, unavailable_after: 25 Jun 2030 15:00:00 GMT`: a name holds for all rules after it. */
function robotsTag(text: string, from: { where: Place; title: string }, addressee: string | null): OptOutSignal[] {
  const signals: OptOutSignal[] = []
  const raw = quoted(from.title, text)
  let agent = addressee
  const add = (signal: string, value: string) => {
    const name = cut(signal.trim().toLowerCase(), 100)
    if (name !== '') signals.push({ signal: name, value: cut(value, MAX_VALUE), raw, where: from.where, agent })
  }
  const parts = text.split(',')
  for (let i = 0; i < parts.length; i += 1) {
    let rule = (parts[i] ?? '').trim()
    for (let colon = rule.indexOf(':'); colon >= 0; colon = rule.indexOf(':')) {
      const name = rule.slice(0, colon).trim().toLowerCase()
      if (VALUED.has(name)) break
      agent = name
      rule = rule.slice(colon + 1).trim()
    }
    const colon = rule.indexOf(':')
    if (colon < 0) {
      // Blanks between rules are not the form, and what they mean is plain.
      for (const word of rule.split(/\s+/)) add(word, '')
      continue
    }
    let value = rule.slice(colon + 1).trim()
    const isDateCut = rule.slice(0, colon).trim().toLowerCase() === 'unavailable_after' && /^[A-Za-z]*$/.test(value)
    if (isDateCut && i + 1 < parts.length) value = `${value},${parts[(i += 1)]}`
    add(rule.slice(0, colon), value)
  }
  return signals
}

/** Values go into tables: well-formed, without NUL, bounded. */
const clean = (text: string) => text.slice(0, MAX_TEXT).replaceAll('\0', '').toWellFormed().trim()

/** A cut may go through a pair of surrogates. */
const cut = (text: string, length: number) => text.slice(0, length).toWellFormed()

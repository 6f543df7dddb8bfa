import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import { quoted } from './opt-out.ts'
import { comparablePath, comparablePattern, matches, parsePattern, type Pattern } from './robots-pattern.ts'

/** Where an origin reserves text and data mining for what it hosts (TDM Reservation Protocol, final report 2024-05-10). */
export const TDM_FILE = '/.well-known/tdmrep.json'

/** One rule of the file; plain data that can be stored as JSON. */
export interface TdmRule {
  /** In comparable form: percent-encoded, `*` and a final `$` with their meaning. */
  pattern: string
  /** Null when its value is neither 0 nor 1, which sets nothing. */
  reservation: '0' | '1' | null
  policy: string | null
  /** As it stood, in short. */
  text: string
}

/** A larger file is no list of rules. */
const MAX_FILE_BYTES = 1024 * 1024
const MAX_RULES = 2000
const MAX_LOCATION = 2000
const MAX_POLICY = 500

/**
 * Reads a TDM file; takes any bytes, never throws. What is no array of rules says nothing; a rule without a location is
 * passed over. A lone rule without its brackets, and a value in quotes, are taken for what they mean.
 */
export function parseTdmFile(file: Uint8Array): TdmRule[] {
  if (file.length > MAX_FILE_BYTES) return []
  let read: unknown
  try {
    read = JSON.parse(new TextDecoder().decode(file))
  } catch {
    return [] // not JSON, or nested beyond the parser's stack: no reservation can be read
  }
  const rules: unknown[] = Array.isArray(read) ? read.slice(0, MAX_RULES) : [read]
  return rules.flatMap((rule) => ruleOf(rule))
}

/** What the file at `fileUrl` says of `url`: its first rule that matches decides (case counts), if it says 0 or 1. */
export function tdmSignals(rules: readonly TdmRule[], url: string, fileUrl: string): OptOutSignal[] {
  if (rules.length === 0) return []
  const { pathname, search } = new URL(url)
  const path = comparablePath(pathname + search)
  const rule = patternsOf(rules).find((one) => matches(one.parsed, path))?.rule
  if (rule === undefined || rule.reservation === null) return []
  const common = { raw: quoted('tdmrep.json', rule.text), where: 'tdmrep' as const, agent: null, url: fileUrl }
  const reservation = { signal: 'tdm-reservation', value: rule.reservation, ...common }
  return rule.policy === null ? [reservation] : [reservation, { signal: 'tdm-policy', value: rule.policy, ...common }]
}

/** Parsed once per file: an origin's URLs are asked one by one. */
const parsedRules = new WeakMap<readonly TdmRule[], { rule: TdmRule; parsed: Pattern }[]>()

function patternsOf(rules: readonly TdmRule[]): { rule: TdmRule; parsed: Pattern }[] {
  const known = parsedRules.get(rules)
  if (known) return known
  const parsed = rules.map((rule) => ({ rule, parsed: parsePattern(rule.pattern) }))
  parsedRules.set(rules, parsed)
  return parsed
}

function ruleOf(rule: unknown): TdmRule[] {
  if (typeof rule !== 'object' || rule === null) return []
  const { location, 'tdm-reservation': reservation, 'tdm-policy': policy } = rule as Record<string, unknown>
  if (typeof location !== 'string' || location.length > MAX_LOCATION) return []
  const value = reservation === 1 || reservation === '1' ? '1' : reservation === 0 || reservation === '0' ? '0' : null
  const link = typeof policy === 'string' ? storable(policy, MAX_POLICY) : null
  const text = storable(JSON.stringify({ location, 'tdm-reservation': reservation, 'tdm-policy': policy }), 1000)
  const bytes = Buffer.from(location.trim()).toString('latin1')
  return [{ pattern: comparablePattern(bytes), reservation: value, policy: link, text }]
}

const storable = (text: string, length: number) => text.replaceAll('\0', '').slice(0, length).toWellFormed()

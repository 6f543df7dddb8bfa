import type { FetchReason } from '../../schema/contracts/reasons.ts'
import { canonicalUrl, MAX_URL_LENGTH } from './canonical-url.ts'
import { comparablePath, comparablePattern, matches, parsePattern } from './robots-pattern.ts'
import type { Pattern } from './robots-pattern.ts'
import { readRobotsLines } from './robots-text.ts'
import type { RobotsKey } from './robots-text.ts'

export interface RobotsRule {
  allow: boolean
  /** In comparable form: percent-encoded, `*` and a final `$` with their meaning. */
  pattern: string
  /** Line of the file, from 1. */
  line: number
}

/** What may be done with what lies below a path, as a rule of a group (draft-ietf-aipref-attach, contentsignals.org). */
export interface RobotsPreference {
  key: 'content-usage' | 'content-signal'
  /** In comparable form; empty when the rule has no path and holds for all. */
  pattern: string
  /** As written, with its path. */
  text: string
  /** Line of the file, from 1. */
  line: number
}

export interface RobotsGroup {
  /** Product tokens in lower case, `*` for all. */
  agents: string[]
  rules: RobotsRule[]
  /** Absent when there are none. */
  preferences?: RobotsPreference[]
}

/** A wait between requests that some agents are asked for. */
export interface RobotsDelay {
  agents: string[]
  seconds: number
}

/** What a robots.txt file says; plain data that can be stored as JSON. */
export interface RobotsRules {
  groups: RobotsGroup[]
  delays: RobotsDelay[]
  /** As written, in order of the file. */
  sitemaps: string[]
}

export interface RobotsDecision {
  allowed: boolean
  /** The token whose groups were asked, null when no group holds. */
  group: string | null
  /** The rule that decided, say `disallow: /private/`; null when none matched. */
  rule: string | null
  line: number | null
}

/** What the outcome of fetching robots.txt means for its host (RFC 9309 2.3.1). */
export type RobotsVerdict =
  | { kind: 'rules'; rules: RobotsRules }
  | { kind: 'allow_all' }
  | { kind: 'disallow_all'; reason: Extract<FetchReason, 'robots_unreachable'> }

/** A file that names more is no help in finding pages. */
const MAX_SITEMAPS = 1000
/** Rules of preference that one file may have, and as much of each as is read. */
const MAX_PREFERENCES = 5000
const MAX_PREFERENCE_CHARS = 1000

/**
 * Reads a robots.txt file; takes any bytes, never throws, linear time. Only rules end the list of agents of a group
 * (RFC 9309 2.2.4), but a delay holds for the agents named since the line of another kind before them: files that give
 * each crawler a delay and nothing else mean that.
 */
export function parseRobots(file: Uint8Array): RobotsRules {
  const read: RobotsRules = { groups: [], delays: [], sitemaps: [] }
  let group: RobotsGroup | null = null
  let isOpen = false
  let recent: RobotsDelay = { agents: [], seconds: 0 }
  let before: RobotsKey | null = null
  let preferences = 0
  for (const { key, value, line } of readRobotsLines(file)) {
    switch (key) {
      case 'user-agent':
        if (group === null || !isOpen) read.groups.push((group = { agents: [], rules: [] }))
        if (before !== 'user-agent') recent = { agents: [], seconds: 0 }
        isOpen = true
        group.agents.push(tokenOf(value))
        recent.agents.push(tokenOf(value))
        break
      case 'allow':
      case 'disallow':
        isOpen = false
        if (value !== '') group?.rules.push({ allow: key === 'allow', pattern: comparablePattern(value), line })
        break
      case 'crawl-delay':
        if (recent.seconds === 0 && isDelay(value)) read.delays.push(recent)
        if (isDelay(value)) recent.seconds = Math.max(recent.seconds, Number(value))
        break
      case 'content-usage':
      case 'content-signal':
        // The first is a rule by its draft and ends the list of agents; the second is of no standard that says so.
        if (key === 'content-usage') isOpen = false
        if (group !== null && (preferences += 1) <= MAX_PREFERENCES)
          (group.preferences ??= []).push(preferenceOf(key, value, line))
        break
      case 'sitemap':
        if (read.sitemaps.length < MAX_SITEMAPS) read.sitemaps.push(sitemapText(value))
        break
      default:
        key satisfies never
    }
    before = key
  }
  return read
}

/** The name by which robots.txt knows a crawler: the leading letters, `_` and `-` of its user agent, lower case. */
export function productToken(userAgent: string): string {
  return (/^[A-Za-z_-]*/.exec(userAgent)?.[0] ?? '').toLowerCase()
}

/**
 * May the crawler named `token` fetch `url`? The groups that name it are taken together, else those of `*`; the
 * matching rule with the most octets decides, at equal length the allowing one. `/robots.txt` is always allowed.
 * A `url` that does not parse is taken as a path.
 */
export function isAllowed(rules: RobotsRules, token: string, url: string): RobotsDecision {
  const plan = planFor(rules, token)
  const path = pathOf(url)
  const hit = path === '/robots.txt' ? undefined : plan.rules.find((rule) => matches(rule.parsed, path))
  if (hit === undefined) return { allowed: true, group: plan.group, rule: null, line: null }
  const rule = `${hit.allow ? 'allow' : 'disallow'}: ${hit.pattern}`
  return { allowed: hit.allow, group: plan.group, rule, line: hit.line }
}

/** Seconds between requests that the file asks of `token`, the largest of several; null when it asks for none. */
export function crawlDelaySeconds(rules: RobotsRules, token: string): number | null {
  const { name } = groupsFor(rules, token)
  const delays = rules.delays
    .filter(({ agents }) => name !== null && agents.includes(name))
    .map(({ seconds }) => seconds)
  return delays.length === 0 ? null : Math.max(...delays)
}

/**
 * The preferences that hold for `url`: of each kind the rules of `token`'s groups with the longest matching path, in order
 * of the file. Equally long paths all hold. None for what may not be fetched.
 */
export function preferencesOf(
  rules: RobotsRules,
  token: string,
  url: string,
): { group: string; rule: RobotsPreference }[] {
  const { group, preferences } = planFor(rules, token)
  if (group === null || preferences.length === 0 || !isAllowed(rules, token, url).allowed) return []
  const path = pathOf(url)
  return (['content-usage', 'content-signal'] as const).flatMap((key) => {
    const first = preferences.find((rule) => rule.key === key && matches(rule.parsed, path))
    const isAsLong = (rule: (typeof preferences)[number]) => rule.parsed.octets === first?.parsed.octets
    const hits = preferences.filter((rule) => rule.key === key && isAsLong(rule) && matches(rule.parsed, path))
    return hits.map((rule) => ({ group, rule }))
  })
}

/** Canonical URLs of the sitemaps that the file names, each once; relative ones are taken against `robotsUrl`. */
export function sitemaps(rules: RobotsRules, robotsUrl: string): string[] {
  const found = rules.sitemaps.map((text) => canonicalUrl(text, robotsUrl)).flatMap((url) => (url.ok ? [url.url] : []))
  return [...new Set(found)]
}

/**
 * 2xx is read; 4xx means that there are no rules; everything else means that the rules are not known, and then nothing
 * may be fetched: 5xx, 429 (a 4xx in form, overload in meaning), any network failure, too many redirects.
 */
export function robotsVerdictForStatus(
  outcome: { status: number; body: Uint8Array } | { failure: FetchReason },
): RobotsVerdict {
  if ('failure' in outcome) return { kind: 'disallow_all', reason: 'robots_unreachable' }
  const { status, body } = outcome
  if (status >= 200 && status < 300) return { kind: 'rules', rules: parseRobots(body) }
  if (status >= 400 && status < 500 && status !== 429) return { kind: 'allow_all' }
  return { kind: 'disallow_all', reason: 'robots_unreachable' }
}

interface Plan {
  group: string | null
  rules: (RobotsRule & { parsed: Pattern })[]
  preferences: (RobotsPreference & { parsed: Pattern })[]
}

/** Parsed once per file and token: a host's URLs are asked one by one. */
const plans = new WeakMap<RobotsRules, Map<string, Plan>>()

function planFor(rules: RobotsRules, token: string): Plan {
  let byToken = plans.get(rules)
  if (byToken === undefined) plans.set(rules, (byToken = new Map()))
  let plan = byToken.get(token)
  if (plan === undefined) byToken.set(token, (plan = makePlan(rules, token)))
  return plan
}

/** Rules in order of decision, so that the first match is the answer. */
function makePlan(rules: RobotsRules, token: string): Plan {
  const { name, groups } = groupsFor(rules, token)
  const ordered = groups
    .flatMap((group) => group.rules)
    .map((rule) => ({ ...rule, parsed: parsePattern(rule.pattern) }))
    .sort((a, b) => b.parsed.octets - a.parsed.octets || Number(b.allow) - Number(a.allow) || a.line - b.line)
  const preferences = groups
    .flatMap((group) => group.preferences ?? [])
    .map((rule) => ({ ...rule, parsed: parsePattern(rule.pattern) }))
    .sort((a, b) => b.parsed.octets - a.parsed.octets || a.line - b.line)
  return { group: name, rules: ordered, preferences }
}

function groupsFor(rules: RobotsRules, token: string): { name: string | null; groups: RobotsGroup[] } {
  const name = productToken(token)
  const named = name === '' ? [] : rules.groups.filter(({ agents }) => agents.includes(name))
  if (named.length > 0) return { name, groups: named }
  const general = rules.groups.filter(({ agents }) => agents.includes('*'))
  return { name: general.length > 0 ? '*' : null, groups: general }
}

/** `*` alone or before a blank stands for all; a version or comment after a token does not count. */
function tokenOf(value: string): string {
  return /^\*(?:\s|$)/.test(value) ? '*' : productToken(value)
}

/** A value that begins with a slash begins with a path, which ends at the first blank. */
function preferenceOf(key: RobotsPreference['key'], value: string, line: number): RobotsPreference {
  const path = value.startsWith('/') ? (/^[^ \t]+/.exec(value)?.[0] ?? '') : ''
  return { key, pattern: comparablePattern(path), text: bytesAsText(value).slice(0, MAX_PREFERENCE_CHARS), line }
}

const isDelay = (value: string) => /^\d{1,6}(?:\.\d{0,6})?$/.test(value) && Number(value) > 0

const sitemapText = (value: string) => bytesAsText(value).slice(0, MAX_URL_LENGTH)

/** Values are bytes until here; they may be written in UTF-8. */
function bytesAsText(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8').replaceAll('\0', '')
}

function pathOf(url: string): string {
  const parsed = URL.parse(url)
  const text = parsed === null ? Buffer.from(url).toString('latin1') : parsed.pathname + parsed.search
  return comparablePath(text)
}

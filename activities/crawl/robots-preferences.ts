import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import { contentSignals, contentUsage } from './ai-preferences.ts'
import { quoted } from './opt-out.ts'
import { preferencesOf, type RobotsPreference, type RobotsRules } from './robots.ts'

const TITLES = { 'content-usage': 'Content-Usage', 'content-signal': 'Content-Signal' } as const

/** What a robots.txt file says of the use of `url`, as evidence that names the file and the line. */
export function robotsSignals(rules: RobotsRules, token: string, url: string, robotsUrl: string): OptOutSignal[] {
  return preferencesOf(rules, token, url).flatMap(({ group, rule }) => {
    const common = {
      raw: quoted(TITLES[rule.key], rule.text),
      where: 'robots' as const,
      agent: group === '*' ? null : group,
      url: robotsUrl,
      line: rule.line,
    }
    return statementsOf(rule).map(({ label, value }) => ({ signal: label, value, ...common }))
  })
}

function statementsOf({ key, text }: RobotsPreference) {
  const statement = text.startsWith('/') ? text.replace(/^[^ \t]+/, '').trim() : text
  return key === 'content-usage' ? contentUsage(statement) : contentSignals(statement)
}

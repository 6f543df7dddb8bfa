import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { SignalledCapture } from '../../schema/queries/explain-subjects.ts'
import { optOutVerdict } from '../crawl/opt-out.ts'
import { productToken } from '../crawl/robots.ts'

/** One signal as it was sent, where it stood, and whether it reserves under what the crawl honoured. */
export interface OptOutLine {
  on: 'page' | 'picture'
  url: string | null
  where: 'header' | 'meta'
  signal: string
  value: string
  /** Crawler that it names, null for all. */
  agent: string | null
  reserves: boolean
}

/** The signals of one capture. */
export function optOutLines(capture: SignalledCapture, section: CrawlSection): OptOutLine[] {
  const on = capture.kind === 'page' ? 'page' : 'picture'
  const { honour, user_agent: userAgent } = section.politeness
  const token = productToken(userAgent)
  return capture.signals.map((signal) => ({
    on,
    url: capture.url,
    where: signal.where,
    signal: signal.signal,
    value: signal.value,
    agent: signal.agent,
    reserves: optOutVerdict([signal], { honour, token, subject: on }).reserved && capture.reserved,
  }))
}

import type { UrlEvent, UrlHost } from '../../schema/queries/url-history.ts'

const OUTCOMES: Record<UrlEvent['outcome'], string> = {
  answered: 'answered',
  retry: 'to be tried again',
  failed: 'failed for good',
  excluded: 'not asked for',
  given_up: 'given up with its host',
  put_back: 'put back by hand',
}

/** What happened to a URL, a line an event, and where its host stands when it does not answer. For people. */
export function describeHistory(history: readonly UrlEvent[], host: UrlHost | null): string[] {
  return [...hostLines(host), ...(history.length === 0 ? [] : ['history:']), ...history.map(eventLine)]
}

function hostLines(host: UrlHost | null): string[] {
  if (host === null || host.state === 'answers' || host.state === 'not asked') return []
  const since = host.since === null ? '' : ` since ${host.since.toISOString()}`
  const again = host.next_at === null ? '' : `, asked again at ${host.next_at.toISOString()}`
  return [
    `host ${host.host}: ${host.state}, ${host.failures} failure${host.failures === 1 ? '' : 's'}${since} (${host.fault ?? 'no fault'})${again}`,
  ]
}

function eventLine({ at, outcome, attempt, status, detail, next_at, ...event }: UrlEvent): string {
  const named = [
    event.class,
    event.reason === event.class ? null : event.reason,
    detail === String(status) ? null : detail,
  ]
  const parts = [
    (attempt ?? 0) === 0 || outcome === 'put_back' || outcome === 'given_up' ? [] : [`attempt ${attempt}`],
    status === null ? [] : [`status ${status}`],
    named.filter((part) => part !== null),
  ].flat()
  // Not asked for itself: its host decides when it is.
  const forHost = outcome === 'retry' && attempt === 0
  const again = next_at === null || forHost ? '' : ` at ${next_at.toISOString()}`
  return `  ${at.toISOString()} ${forHost ? 'waits for its host' : OUTCOMES[outcome]}${again}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

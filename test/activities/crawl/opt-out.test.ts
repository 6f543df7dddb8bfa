import { describe, expect, it } from 'vitest'
import { headerSignals, metaSignals, optOutVerdict } from '../../../activities/crawl/opt-out.ts'
import type { OptOutSignal, OptOutSubject } from '../../../activities/crawl/opt-out.ts'
import type { Honour } from '../../../schema/contracts/spec.ts'

const ALL: Honour[] = ['robots', 'noai', 'tdm', 'ai-pref']
const robots = (...values: string[]) => headerSignals(values.map((value) => ['X-Robots-Tag', value]))
const aSignal = (changes: Partial<OptOutSignal>): OptOutSignal => ({
  signal: '',
  value: '',
  where: 'header',
  agent: null,
  ...changes,
})
const reserved = (signals: OptOutSignal[], honour: Honour[] = ALL, subject: OptOutSubject = 'picture') =>
  optOutVerdict(signals, { honour, subject, token: 'mella' }).reserved

describe('opt-out signals of headers', () => {
  it('reads several headers, in any case, and leaves the rest alone', () => {
    const headers: [string, string][] = [
      ['content-type', 'noai'],
      ['x-robots-tag', ' NoAI ,, NOIMAGEAI ,'],
      ['X-ROBOTS-TAG', 'noindex'],
    ]
    expect(headerSignals(headers)).toEqual([
      aSignal({ signal: 'noai' }),
      aSignal({ signal: 'noimageai' }),
      aSignal({ signal: 'noindex' }),
    ])
  })

  it('lets a name hold for all rules after it, up to the next name', () => {
    expect(robots('noindex, Mella: noai, nofollow, otherbot: none')).toEqual([
      aSignal({ signal: 'noindex' }),
      aSignal({ signal: 'noai', agent: 'mella' }),
      aSignal({ signal: 'nofollow', agent: 'mella' }),
      aSignal({ signal: 'none', agent: 'otherbot' }),
    ])
  })

  it('keeps dates with their commas and colons, and values, whole', () => {
    expect(
      robots(
        'unavailable_after: Friday, 25-Jun-10 15:00:00 GMT, noai',
        'unavailable_after: 25 Jun 2010 15:00:00 PST, max-snippet: 20',
      ),
    ).toEqual([
      aSignal({ signal: 'unavailable_after', value: 'Friday, 25-Jun-10 15:00:00 GMT' }),
      aSignal({ signal: 'noai' }),
      aSignal({ signal: 'unavailable_after', value: '25 Jun 2010 15:00:00 PST' }),
      aSignal({ signal: 'max-snippet', value: '20' }),
    ])
  })

  it('reads TDM and AI preference headers', () => {
    const headers: [string, string][] = [
      ['TDM-Reservation', '1'],
      ['tdm-policy', 'https://site.example/policy'],
      ['Content-Usage', 'train-ai=n, search=y, other=3'],
    ]
    expect(headerSignals(headers)).toEqual([
      aSignal({ signal: 'tdm-reservation', value: '1' }),
      aSignal({ signal: 'tdm-policy', value: 'https://site.example/policy' }),
      aSignal({ signal: 'train-ai', value: 'n' }),
      aSignal({ signal: 'search', value: 'y' }),
    ])
    expect(headerSignals([['Content-Usage', 'train-ai=n, ;;']])).toEqual([])
  })

  it('keeps values storable: no NUL, well-formed, bounded', () => {
    const [signal] = robots(`unavailable_after: 1\0\ud800${'x'.repeat(9999)}`)
    expect(signal?.value.startsWith('1\ufffdxxx')).toBe(true)
    expect(signal?.value).toHaveLength(500)
  })
})

describe('opt-out signals of meta elements', () => {
  it('takes names other than robots for crawlers', () => {
    const directives = [
      { name: 'Robots', content: 'NoAI,nofollow' },
      { name: 'GoogleBot', content: 'noindex' },
      { name: 'tdm-reservation', content: '1' },
    ]
    expect(metaSignals(directives)).toEqual([
      aSignal({ where: 'meta', signal: 'noai' }),
      aSignal({ where: 'meta', signal: 'nofollow' }),
      aSignal({ where: 'meta', signal: 'noindex', agent: 'googlebot' }),
      aSignal({ where: 'meta', signal: 'tdm-reservation', value: '1' }),
    ])
  })
})

describe('opt-out verdict', () => {
  it.each([
    ['noai', ['noai']],
    ['noimageai', ['noai']],
    ['noml', ['noai']],
    ['noindex', ['robots']],
    ['none', ['robots']],
    ['noimageindex', ['robots']],
    ['nofollow', []],
    ['noarchive', []],
    ['unavailable_after: 1 Jan 2001 00:00:00 GMT', []],
  ])('%s reserves pages and pictures under %j alone', (value, entries) => {
    for (const subject of ['page', 'picture'] as const) {
      expect(ALL.filter((entry) => reserved(robots(value), [entry], subject))).toEqual(entries)
    }
  })

  it('names the first signal that reserves', () => {
    expect(
      optOutVerdict(robots('nofollow, noimageai, noai'), { honour: ALL, subject: 'page', token: 'mella' }),
    ).toEqual({
      reserved: true,
      by: aSignal({ signal: 'noimageai' }),
    })
    expect(optOutVerdict([], { honour: ALL, subject: 'page', token: 'mella' })).toEqual({ reserved: false, by: null })
  })

  it('counts what is addressed to us or to all', () => {
    expect(reserved(robots('mella: noai'))).toBe(true)
    expect(reserved(robots('otherbot: noai'))).toBe(false)
    expect(reserved(metaSignals([{ name: 'mella', content: 'noai' }]))).toBe(true)
    expect(reserved(metaSignals([{ name: 'otherbot', content: 'noai' }]))).toBe(false)
  })

  it('lets a page say otherwise than its header under TDM, not a picture', () => {
    const header = headerSignals([['tdm-reservation', '1']])
    const meta = metaSignals([{ name: 'tdm-reservation', content: '0' }])
    expect(reserved(header, ['tdm'], 'page')).toBe(true)
    expect(reserved([...header, ...meta], ['tdm'], 'page')).toBe(false)
    expect(reserved([...header, ...meta], ['tdm'], 'picture')).toBe(true)
    expect(reserved(headerSignals([['tdm-reservation', 'yes']]), ['tdm'])).toBe(false)
    expect(reserved(header, ['noai', 'robots', 'ai-pref'])).toBe(false)
  })

  it('honours the AI preference only when asked to', () => {
    const signals = headerSignals([['content-usage', 'train-ai=n']])
    expect([reserved(signals, ['ai-pref']), reserved(signals, ['noai'])]).toEqual([true, false])
    expect(reserved(headerSignals([['content-usage', 'train-ai=y, search=n']]))).toBe(false)
  })
})

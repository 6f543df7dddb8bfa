import { describe, expect, it } from 'vitest'
import { headerSignals, metaSignals } from '../../../activities/crawl/opt-out.ts'
import {
  evidenceOf,
  linkRefusal,
  type OptOutSubject,
  optOutVerdict,
  unavailableAfter,
} from '../../../activities/crawl/opt-out-verdict.ts'
import type { OptOutSignal, StoredSignal } from '../../../schema/contracts/opt-out.ts'
import type { Honour } from '../../../schema/contracts/spec.ts'

const ALL: Honour[] = ['robots', 'noai', 'tdm', 'ai-pref']
const robots = (...values: string[]) => headerSignals(values.map((value) => ['X-Robots-Tag', value]))
const meta = (name: string, content: string) => metaSignals([{ name, content }])
const inFile = (value: string): StoredSignal => ({ signal: 'tdm-reservation', value, where: 'tdmrep', agent: null })
const aSignal = (changes: Partial<OptOutSignal>) => ({
  signal: '',
  value: '',
  where: 'header',
  agent: null,
  ...changes,
})
/** Signals without what was read, which has tests of its own. */
const bare = (signals: OptOutSignal[]) => signals.map(({ raw, ...signal }) => (raw === '' ? null : signal))
const verdict = (
  signals: StoredSignal[],
  honour: Honour[] = ALL,
  subject: OptOutSubject = 'picture',
  date: string | null = null,
) => optOutVerdict(signals, { honour, subject, token: 'mella', date })
const reserved = (...args: Parameters<typeof verdict>) => verdict(...args).reserved

describe('opt-out signals of headers', () => {
  it('reads several headers, in any case, and leaves the rest alone', () => {
    const headers: [string, string][] = [
      ['content-type', 'noai'],
      ['x-robots-tag', ' NoAI ,, NOIMAGEAI ,'],
      ['X-ROBOTS-TAG', 'noindex'],
    ]
    expect(bare(headerSignals(headers))).toEqual([
      aSignal({ signal: 'noai' }),
      aSignal({ signal: 'noimageai' }),
      aSignal({ signal: 'noindex' }),
    ])
  })

  it('lets a name hold for all rules after it, up to the next name', () => {
    expect(bare(robots('noindex, Mella: noai, nofollow, otherbot: none'))).toEqual([
      aSignal({ signal: 'noindex' }),
      aSignal({ signal: 'noai', agent: 'mella' }),
      aSignal({ signal: 'nofollow', agent: 'mella' }),
      aSignal({ signal: 'none', agent: 'otherbot' }),
    ])
  })

  it('keeps dates with their commas and colons, and values, whole', () => {
    const signals = robots(
      'unavailable_after: Friday, 25-Jun-10 15:00:00 GMT, noai',
      'unavailable_after: 25 Jun 2010 15:00:00 PST, max-snippet: 20',
    )
    expect(bare(signals)).toEqual([
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
    expect(bare(headerSignals(headers))).toEqual([
      aSignal({ signal: 'tdm-reservation', value: '1' }),
      aSignal({ signal: 'tdm-policy', value: 'https://site.example/policy' }),
      aSignal({ signal: 'train-ai', value: 'n' }),
      aSignal({ signal: 'search', value: 'y' }),
    ])
    expect(headerSignals([['Content-Usage', 'train-ai=n, ;;']])).toEqual([])
  })

  it('takes the lines of a preference for one value, of which the last word of a label counts', () => {
    const lines: [string, string][] = [
      ['Content-Usage', 'train-ai=y'],
      ['content-usage', 'train-ai=n'],
    ]
    expect(bare(headerSignals(lines))).toEqual([aSignal({ signal: 'train-ai', value: 'n' })])
  })

  it('reads content signals, and rules with blanks between them', () => {
    expect(bare(headerSignals([['Content-Signal', 'Search=yes, ai-train = NO, x']]))).toEqual([
      aSignal({ signal: 'search', value: 'yes' }),
      aSignal({ signal: 'ai-train', value: 'no' }),
    ])
    expect(bare(robots('noindex  noai'))).toEqual([aSignal({ signal: 'noindex' }), aSignal({ signal: 'noai' })])
  })

  it('quotes what was read with its name, in short', () => {
    const [one, two] = headerSignals([
      ['x-robots-tag', 'noai, noimageai'],
      ['content-usage', 'train-ai=n'],
    ]).filter(({ signal }) => signal !== 'noimageai')
    expect([one?.raw, two?.raw]).toEqual(['X-Robots-Tag: noai, noimageai', 'Content-Usage: train-ai=n'])
    expect(meta('Robots', 'noai')[0]?.raw).toBe('robots: noai')
    expect(robots('noai,'.repeat(500))[0]?.raw).toHaveLength(300)
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
    expect(bare(metaSignals(directives))).toEqual([
      aSignal({ where: 'meta', signal: 'noai' }),
      aSignal({ where: 'meta', signal: 'nofollow' }),
      aSignal({ where: 'meta', signal: 'noindex', agent: 'googlebot' }),
      aSignal({ where: 'meta', signal: 'tdm-reservation', value: '1' }),
    ])
  })

  it('reads preferences and robots rules under the name of their header', () => {
    expect(bare(meta('content-usage', 'train-ai=n'))).toEqual([
      aSignal({ where: 'meta', signal: 'train-ai', value: 'n' }),
    ])
    expect(bare(meta('content-signal', 'ai-train=no'))).toEqual([
      aSignal({ where: 'meta', signal: 'ai-train', value: 'no' }),
    ])
    expect(bare(meta('X-Robots-Tag', 'noai'))).toEqual([aSignal({ where: 'meta', signal: 'noai' })])
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

  it('names the signals that reserve', () => {
    const found = verdict(robots('nofollow, noimageai, noai'), ALL, 'page')
    expect([found.reserved, found.by.map(({ signal }) => signal)]).toEqual([true, ['noimageai', 'noai']])
    expect(verdict([])).toEqual({ reserved: false, by: [] })
  })

  it('counts what is addressed to us or to all', () => {
    expect(reserved(robots('mella: noai'))).toBe(true)
    expect(reserved(robots('otherbot: noai'))).toBe(false)
    expect(reserved(metaSignals([{ name: 'mella', content: 'noai' }]))).toBe(true)
    expect(reserved(metaSignals([{ name: 'otherbot', content: 'noai' }]))).toBe(false)
  })

  it('lets a page say otherwise than its header under TDM, not a picture', () => {
    const header = headerSignals([['tdm-reservation', '1']])
    const free = meta('tdm-reservation', '0')
    expect(reserved(header, ['tdm'], 'page')).toBe(true)
    expect(reserved([...header, ...free], ['tdm'], 'page')).toBe(false)
    expect(reserved([...header, ...free], ['tdm'], 'picture')).toBe(true)
    expect(reserved(headerSignals([['tdm-reservation', 'yes']]), ['tdm'])).toBe(false)
    expect(reserved(header, ['noai', 'robots', 'ai-pref'])).toBe(false)
  })

  it('honours the AI preference only when asked to', () => {
    const signals = headerSignals([['content-usage', 'train-ai=n']])
    expect([reserved(signals, ['ai-pref']), reserved(signals, ['noai'])]).toEqual([true, false])
    expect(reserved(headerSignals([['content-usage', 'train-ai=y, search=n']]))).toBe(false)
  })

  it('lets a header say otherwise than the file of its origin, and that nothing says is what the file says', () => {
    const header = (value: string) => headerSignals([['tdm-reservation', value]])
    expect(reserved([inFile('1')])).toBe(true)
    expect(reserved([inFile('1'), ...header('0')])).toBe(false)
    expect(reserved([inFile('0'), ...header('1')])).toBe(true)
    expect(reserved([inFile('1'), ...header('2')])).toBe(true)
    expect(reserved([inFile('1'), ...meta('tdm-reservation', '0')], ALL, 'page')).toBe(false)
    expect(reserved([inFile('1')], ['noai', 'robots', 'ai-pref'])).toBe(false)
  })

  it.each([
    ['DMI-PROHIBITED', true],
    ['DMI-PROHIBITED-AIMLTRAINING', true],
    ['DMI-PROHIBITED-SEECONSTRAINT', true],
    ['DMI-ALLOWED', false],
    ['DMI-UNSPECIFIED', false],
  ])('takes %s inside a picture for a reservation of mining: %s', (value, expected) => {
    const signal: StoredSignal = { signal: 'data-mining', value, where: 'picture', agent: null }
    expect(ALL.filter((entry) => reserved([signal], [entry]))).toEqual(expected ? ['tdm'] : [])
  })

  it('takes the word of content signals and that of AI preferences, each in its own spelling', () => {
    expect(reserved(headerSignals([['content-signal', 'ai-train=no']]), ['ai-pref'])).toBe(true)
    expect(reserved(headerSignals([['content-signal', 'ai-train=yes, search=no, ai-input=no']]))).toBe(false)
    expect(reserved(headerSignals([['content-usage', 'train-ai=no, ai-train=n, Train-AI=n']]))).toBe(false)
  })

  it('judges a date by the release alone, which must be over before it', () => {
    const signals = robots('unavailable_after: 25 Jun 2030 15:00:00 GMT')
    const on = (date: string | null, honour: Honour[] = ['robots']) => reserved(signals, honour, 'picture', date)
    expect([on(null), on('2030-06-24'), on('2030-06-25'), on('2031-01-01')]).toEqual([false, false, true, true])
    expect(on('2031-01-01', ['noai', 'tdm', 'ai-pref'])).toBe(false)
  })
})

describe('the end of availability', () => {
  it('is the earliest date that is for us', () => {
    const signals = robots(
      'unavailable_after: 2031-01-02',
      'otherbot: unavailable_after: 2001-01-01',
      'mella: unavailable_after: 2030-06-25T15:00:00Z',
      'unavailable_after: soon',
    )
    const rules = { honour: ALL, token: 'mella' }
    expect(unavailableAfter(signals, rules)?.toISOString()).toBe('2030-06-25T15:00:00.000Z')
    expect(unavailableAfter(signals, { ...rules, honour: ['noai'] })).toBe(null)
    expect(unavailableAfter(robots('noai'), rules)).toBe(null)
  })
})

describe('links', () => {
  it.each([
    ['nofollow', ALL, false],
    ['none', ALL, false],
    ['mella: nofollow', ALL, false],
    ['otherbot: nofollow', ALL, true],
    ['noai', ALL, true],
    ['nofollow', ['noai', 'tdm'], true],
  ] as [string, Honour[], boolean][])('under %s and %j are followed: %s', (value, honour, expected) => {
    expect(linkRefusal(robots(value), { honour, token: 'Mella' }) === null).toBe(expected)
  })
})

describe('a flood of signals', () => {
  it('is kept in part: what reserves, and the first of the others', () => {
    const signals = [...robots(...Array.from({ length: 300 }, (_, at) => `x${at}`)), ...robots('noai')]
    const kept = evidenceOf(signals, verdict(signals) as ReturnType<typeof optOutVerdict<OptOutSignal>>)
    expect(kept.map(({ signal }) => signal)).toEqual([...Array.from({ length: 150 }, (_, at) => `x${at}`), 'noai'])
    expect(evidenceOf(robots('noai, x'), { reserved: false, by: [] })).toHaveLength(2)
  })
})

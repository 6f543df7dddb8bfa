import { describe, expect, it } from 'vitest'
import { isAllowed, parseRobots } from '../../../activities/crawl/robots.ts'
import { robotsSignals } from '../../../activities/crawl/robots-preferences.ts'

const FILE = 'https://site.example/robots.txt'
const rules = (...lines: string[]) => parseRobots(Buffer.from(lines.join('\n')))
const signals = (path: string, lines: string[], token = 'mella') =>
  robotsSignals(rules(...lines), token, `https://site.example${path}`, FILE)
const told = (...args: Parameters<typeof signals>) => signals(...args).map(({ signal, value }) => `${signal}=${value}`)

/** The example of draft-ietf-aipref-attach. */
const EXAMPLE = [
  'User-Agent: *',
  'Allow: /',
  'Disallow: /never/',
  'Content-Usage: train-ai=n',
  'Content-Usage: /ai-ok/ train-ai=y',
  '',
  'User-Agent: ExampleBot',
  'Allow: /',
  'Content-Usage: train-ai=y',
]

describe('Content-Usage rules', () => {
  it('decide by the longest path of the group that names us, for what may be fetched', () => {
    expect(told('/test', EXAMPLE)).toEqual(['train-ai=n'])
    expect(told('/ai-ok/test', EXAMPLE)).toEqual(['train-ai=y'])
    expect(told('/never/test', EXAMPLE)).toEqual([])
    expect(told('/test', EXAMPLE, 'examplebot')).toEqual(['train-ai=y'])
    expect(told('/test', ['User-agent: other', 'Content-Usage: train-ai=n'])).toEqual([])
  })

  it('all hold when their paths are as long', () => {
    const lines = [
      'user-agent: *',
      'content-usage: /a train-ai=y',
      'content-usage: /a train-ai=n',
      'content-usage: / search=n',
    ]
    expect(told('/a/b', lines)).toEqual(['train-ai=y', 'train-ai=n'])
  })

  it('match as Allow and Disallow do', () => {
    const lines = ['user-agent: *', 'content-usage: /*.jpg$ train-ai=n', 'content-usage: /%7Eme/ search=n']
    expect(told('/x/y.jpg', lines)).toEqual(['train-ai=n'])
    expect(told('/x/y.jpg?z', lines)).toEqual([])
    expect(told('/~me/', lines)).toEqual(['search=n'])
  })

  it('end the names of a group, as a rule does', () => {
    const lines = ['user-agent: *', 'content-usage: train-ai=n', 'user-agent: other', 'disallow: /']
    expect(isAllowed(rules(...lines), 'mella', 'https://site.example/').allowed).toBe(true)
    expect(told('/', lines)).toEqual(['train-ai=n'])
  })

  it('say nothing when they cannot be read, or stand before any group', () => {
    expect(told('/', ['content-usage: train-ai=n', 'user-agent: *', 'content-usage: train-ai = n'])).toEqual([])
  })

  it('are quoted with the file and the line', () => {
    expect(signals('/', ['User-agent: Mella', 'Content-Usage:  /\ttrain-ai=n # no'])).toEqual([
      {
        signal: 'train-ai',
        value: 'n',
        raw: 'Content-Usage: /\ttrain-ai=n',
        where: 'robots',
        agent: 'mella',
        url: FILE,
        line: 2,
      },
    ])
  })
})

describe('Content-Signal rules', () => {
  it('hold beside the others, and leave access as it was', () => {
    const lines = [
      'User-agent: *',
      'Content-Signal: search=yes,ai-train=no',
      'User-agent: GreedyBot',
      'Content-Usage: /x train-ai=n',
      'Disallow: /private/',
    ]
    expect(told('/x', lines)).toEqual(['train-ai=n', 'search=yes', 'ai-train=no'])
    expect(told('/private/', lines)).toEqual([])
    expect(told('/', lines, 'greedybot')).toEqual(['search=yes', 'ai-train=no'])
  })

  it('may have a path', () => {
    expect(told('/a', ['User-agent: *', 'Content-Signal: /a ai-train=no'])).toEqual(['ai-train=no'])
    expect(told('/b', ['User-agent: *', 'Content-Signal: /a ai-train=no'])).toEqual([])
  })
})

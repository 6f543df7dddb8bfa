import type { Answer } from './answer.ts'

/** Ways to misbehave, for tests of what a pipeline does with a bad service. */
export interface Mischief {
  /** Adds a random word to every text. */
  noise: boolean
  /** Every tenth thick caption names an entity that stands nowhere. */
  ungrounded: boolean
  /** Answers 200 with something else than was asked for. */
  nonsense: boolean
}

/** Invented names with a natural shape; no such place or person stands in any source. */
const INVENTED: Record<string, readonly string[]> = {
  ar: ['قلعة زمردان', 'سلطانبور'],
  cs: ['Zlatohrad', 'Miroslav Vrbenský'],
  es: ['Valdemirón', 'Ramiro Zaldúa'],
  hu: ['Aranyvárad', 'Zöldi Bertalan'],
  ko: ['금강탑마을', '박도윤'],
  ru: ['Златогорск', 'Пётр Вербицкий'],
  sr: ['Златиград', 'Вукоман Брзак'],
  'sr-Latn': ['Zlatigrad', 'Vukoman Brzak'],
  th: ['เมืองทองคำนคร', 'วัดพระธาตุแก้ว'],
  vi: ['Kim Sơn Thành', 'Trần Văn Khoát'],
}

/** Applies the mischief that is on. `count` numbers the answers of this task from 1, so that runs can be repeated. */
export function misbehave(answer: Answer, mischief: Mischief, count: number): Record<string, unknown> {
  let { content } = answer
  if (mischief.ungrounded && answer.task === 'thick' && count % 10 === 0) content = ungrounded(answer, count / 10)
  return mischief.noise ? addNoise(content) : content
}

/** Names something invented at the end, at the start or inside, with and without declaring it. */
function ungrounded(answer: Answer, turn: number): Record<string, unknown> {
  const names = INVENTED[answer.language] ?? ['Zlatohrad']
  const name = names[turn % names.length] ?? 'Zlatohrad'
  const caption = String(answer.content['caption'])
  const space = caption.indexOf(' ')
  const middle = space < 0 ? caption.length : space
  const captions = [
    `${caption} ${name}.`,
    `${name} ${caption}`,
    `${caption.slice(0, middle)} ${name}${caption.slice(middle)}`,
  ]
  const declared = { name, evidence: 'alt', source: 'alt_text', start: 0, end: Array.from(name).length }
  const entities = answer.content['entities'] as unknown[]
  return {
    ...answer.content,
    caption: captions[turn % 3],
    entities: turn % 2 === 0 ? [...entities, declared] : entities,
  }
}

function addNoise(content: Record<string, unknown>): Record<string, unknown> {
  const key = 'translation' in content ? 'translation' : 'caption'
  const word = Array.from({ length: 7 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('')
  return { ...content, [key]: `${String(content[key])} ${word}` }
}

/** Bodies of a service that answers 200 and nothing useful, in turn. */
export function nonsense(count: number): { type: string; body: string } {
  const bodies = [
    { type: 'text/html', body: '<html><body>It works!</body></html>' },
    { type: 'application/json', body: '{"choices":[]}' },
    {
      type: 'application/json',
      body: '{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":"Sure! Here you go"}}]}',
    },
    {
      type: 'application/json',
      body: '{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":"{\\"a\\":1}"}}]}',
    },
  ]
  return bodies[count % bodies.length] ?? { type: 'text/plain', body: '' }
}

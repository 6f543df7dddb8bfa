import { z } from 'zod'
import { describe } from './describe.ts'
import { measure } from './features.ts'
import { essence, sentencesOf, speak, translate } from './speak.ts'

/** A request that this server cannot serve; `status` goes out as the HTTP status. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const Part = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
])
const Chat = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(Part)]) })).min(1),
  max_tokens: z.number().int().positive(),
  temperature: z.number(),
  seed: z.number().int(),
  response_format: z.object({ type: z.literal('json_schema'), json_schema: z.object({ name: z.string() }).loose() }),
})
export type Chat = z.infer<typeof Chat>

export type Task = 'caption' | 'translate' | 'thick'

/** Which models serve which task; `example/all-1` serves all. */
const MODELS: Record<string, readonly Task[]> = {
  'example/vision-1': ['caption'],
  'example/translate-1': ['translate'],
  'example/thick-1': ['thick'],
  'example/all-1': ['caption', 'translate', 'thick'],
}

export const MODEL_IDS = Object.keys(MODELS)

export interface Answer {
  task: Task
  model: string
  content: Record<string, unknown>
  /** Language of the text that is written, for the failure options of the server. */
  language: string
}

/** Serves one chat completion request. Throws Refusal for what it does not know. */
export async function answer(body: unknown): Promise<Answer> {
  const parsed = Chat.safeParse(body)
  if (!parsed.success) throw new Refusal(400, `not a request that this server knows: ${z.prettifyError(parsed.error)}`)
  const chat = parsed.data
  const tasks = MODELS[chat.model]
  if (!tasks) throw new Refusal(404, `the model ${chat.model} does not exist; there are ${MODEL_IDS.join(', ')}`)
  const name = chat.response_format.json_schema.name
  const task = tasks.find((candidate) => name.startsWith(candidate))
  if (!task) throw new Refusal(400, `the model ${chat.model} has no answer of the schema ${name}`)
  const data = dataOf(chat)
  const { content, language } = await TASKS[task](chat, data)
  return { task, model: chat.model, content, language }
}

const TASKS: Record<
  Task,
  (chat: Chat, data: unknown) => Promise<{ content: Record<string, unknown>; language: string }>
> = { caption: captionAnswer, translate: translateAnswer, thick: thickAnswer }

async function captionAnswer(chat: Chat): Promise<{ content: Record<string, unknown>; language: string }> {
  const url = chat.messages
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []))[0]
  const base64 = /^data:image\/[a-z+]+;base64,/.exec(url ?? '')
  if (!url || !base64) throw new Refusal(400, 'no picture as a base64 data URL')
  let seen
  try {
    seen = describe(await measure(Buffer.from(url.slice(base64[0].length), 'base64')))
  } catch (error) {
    throw new Refusal(400, `the picture cannot be decoded: ${(error as Error).message}`)
  }
  const points = {
    subject: speak(seen.subject),
    state: speak(seen.state),
    background: speak(seen.background),
    culture: null,
    mood: speak(seen.mood),
    details: speak(seen.details),
  }
  const caption = [points.subject, points.state, points.background, points.mood, points.details]
  return {
    content: {
      ...points,
      caption: caption.filter((sentence) => sentence !== '').join(' '),
      flags: { contains_text: false, watermark: false, is_logo: false, is_screenshot: false },
    },
    language: 'en',
  }
}

const TranslateData = z.object({ target_language: z.string(), text: z.string() })

async function translateAnswer(
  _chat: Chat,
  data: unknown,
): Promise<{ content: Record<string, unknown>; language: string }> {
  const parsed = TranslateData.safeParse(data)
  if (!parsed.success) throw new Refusal(400, 'the last user message holds no JSON with target_language and text')
  const { target_language: language, text } = parsed.data
  const translation = translate(text, language)
  if (translation === undefined) {
    throw new Refusal(400, `only sentences of the example vision model can be translated, and not into ${language}`)
  }
  return { content: { translation }, language }
}

const ThickData = z.object({
  target_language: z.string(),
  sources: z.object({ alt_text: z.string() }).catchall(z.string()),
  description: z.object({ pivot: z.string(), target: z.string().nullable() }),
})

/** Native text first, then what can be seen; the longest word of the native text is the entity, with its span. */
async function thickAnswer(
  _chat: Chat,
  data: unknown,
): Promise<{ content: Record<string, unknown>; language: string }> {
  const parsed = ThickData.safeParse(data)
  if (!parsed.success) throw new Refusal(400, 'the last user message holds no JSON with sources and description')
  const { target_language: language, sources, description } = parsed.data
  const native = sources.alt_text
  const visible = visibleIn(description.pivot, description.target, language)
  const words = [...new Intl.Segmenter(language, { granularity: 'word' }).segment(native)].filter(
    (word) => word.isWordLike,
  )
  const named = words.toSorted((a, b) => b.segment.length - a.segment.length || a.index - b.index)[0]
  const stop = /[.!?…。۔؟]["»”“]?$/u.test(native) || language === 'th' ? '' : '.'
  return {
    content: {
      caption: `${native}${stop} ${visible}`.trim(),
      entities: named
        ? [
            {
              name: named.segment,
              evidence: 'alt',
              source: 'alt_text',
              start: Array.from(native.slice(0, named.index)).length,
              end: Array.from(native.slice(0, named.index + named.segment.length)).length,
            },
          ]
        : [],
    },
    language,
  }
}

/** Subject and background, in the words of the translation where there is one, whoever made it. */
function visibleIn(pivot: string, target: string | null, language: string): string {
  const own = essence(pivot, language)
  const held = target === null || own.every((sentence) => target.includes(sentence))
  const chosen = own.length > 0 && held ? own : sentencesOf(target ?? '').slice(0, 2)
  return chosen.join(' ')
}

/** The data of a request: the JSON object in the text of the last user message that holds one. */
function dataOf(chat: Chat): unknown {
  for (const { role, content } of chat.messages.toReversed()) {
    const text = role === 'user' ? textOf(content) : ''
    try {
      return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as unknown
    } catch {
      // No JSON in this message (a request to repair, say): an earlier one has it.
    }
  }
  return undefined
}

function textOf(content: Chat['messages'][number]['content']): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import { buildCaptionRequest, parseCaptionResponse } from '../../activities/generate/caption.ts'
import { checkTranslation } from '../../activities/generate/check-translation.ts'
import { groundThick } from '../../activities/generate/ground-thick.ts'
import { loadPrompts } from '../../activities/generate/prompts.ts'
import { buildThickRequest, parseThickResponse } from '../../activities/generate/thick.ts'
import { buildTranslateRequest, parseTranslateResponse } from '../../activities/generate/translate.ts'
import { type ModelServer, type ModelServerOptions, serveModels } from '../../examples/model-server/serve.ts'
import { COLOURS, allPhrases } from '../../examples/model-server/phrases.ts'
import { LANGUAGES, speak, translate } from '../../examples/model-server/speak.ts'
import { type ModelClient, createModelClient } from '../../infra/models/model-client.ts'
import type { BuiltRequest } from '../../schema/contracts/generation.ts'
import { aModelCall, aTextFact } from '../activities/generate/builders.ts'

const prompts = loadPrompts()
const open: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const item of open.splice(0).toReversed()) await item.close()
})

async function start(options: Partial<ModelServerOptions> = {}): Promise<{ server: ModelServer; client: ModelClient }> {
  const server = await serveModels({
    port: 0,
    log: null,
    rate: 0,
    delay: 0,
    noise: false,
    ungrounded: false,
    nonsense: false,
    ...options,
  })
  const client = createModelClient({
    provider: 'openai',
    base_url: server.base_url,
    limits: { concurrency: 4, timeoutMs: 10_000, maxWaitMs: 10_000 },
  })
  open.push(server, client)
  return { server, client }
}

async function ask(client: ModelClient, built: BuiltRequest, picture?: Uint8Array): Promise<string> {
  const images = new Map(picture ? [['p', picture]] : [])
  return (await client.call({ request: built.request, schema: built.schema, images })).raw
}

function captionRequest(): BuiltRequest {
  return buildCaptionRequest(
    { sha256: 'p', media_type: 'image/png' },
    aModelCall({ model: 'example/vision-1', prompt: 'caption/six-points@1' }),
    prompts,
  )
}

function aPicture(svg: string, width = 300, height = 200): Promise<Buffer> {
  const whole = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${svg}</svg>`
  return sharp(Buffer.from(whole)).png().toBuffer()
}

const RED_DISC = '<rect width="300" height="200" fill="#ffffff"/><circle cx="150" cy="100" r="70" fill="#d00000"/>'

describe('example vision model', () => {
  it('says what is in the pixels', async () => {
    const { client } = await start()
    const captionOf = async (svg: string) => {
      const parsed = parseCaptionResponse(await ask(client, captionRequest(), await aPicture(svg)))
      return parsed.ok ? parsed.value.caption : parsed.problem
    }
    expect(await captionOf(RED_DISC)).toBe(
      'A large round red shape is in the middle of the picture. The colour white covers 75% of the picture. The left half is similar to the right half. The background is white. The light is bright and the mood is happy. The edges are clear. The picture is wider than it is tall.',
    )
    expect(
      await captionOf(
        '<rect width="300" height="200" fill="#2060d0"/><rect y="120" width="300" height="80" fill="#208030"/>',
      ),
    ).toContain('The upper part is blue and the lower part is green.')
    expect(
      await captionOf(
        '<rect width="300" height="200" fill="#101010"/><rect x="20" y="60" width="40" height="100" fill="#f0d020"/>',
      ),
    ).toContain('A small tall yellow shape is on the left side of the picture.')
  })

  it('refuses what is no picture, no known model and no known schema', async () => {
    const { client } = await start()
    await expect(ask(client, captionRequest(), Buffer.from('no picture'))).rejects.toMatchObject({
      code: 'MODEL_REJECTED',
    })
    const unknown = buildTranslateRequest('x', 'cs', aModelCall({ model: 'gpt' }), prompts)
    await expect(ask(client, unknown)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
    const wrongTask = buildTranslateRequest('x', 'cs', aModelCall({ model: 'example/vision-1' }), prompts)
    await expect(ask(client, wrongTask)).rejects.toMatchObject({ code: 'MODEL_REJECTED' })
  })
})

describe('example translator', () => {
  it('says every sentence of the vision model in every language, each in its own way', () => {
    const phrases = [...allPhrases()]
    for (const language of LANGUAGES) {
      const said = phrases.map((phrase) => translate(speak([phrase]), language))
      expect(new Set(said).size).toBe(phrases.length)
    }
  })

  it('passes the checks after translation', () => {
    const text = speak([
      { kind: 'shape', size: 'large', form: 'round', colour: 'red', place: 'middle' },
      { kind: 'share', colour: 'white', percent: 75 },
      { kind: 'background', colour: 'white' },
      { kind: 'others', first: COLOURS[8], second: COLOURS[11] },
      { kind: 'light', light: 'soft' },
      { kind: 'format', format: 'wide' },
    ])
    for (const language of LANGUAGES) {
      const translation = translate(text, language) ?? ''
      const fact = aTextFact(translation, language.split('-')[0] ?? '')
      expect([language, checkTranslation({ source: text, pivot: 'en', translation, target: language, fact })]).toEqual([
        language,
        [],
      ])
    }
  })

  it('leaves what it does not know as it is, and refuses when it knows nothing', async () => {
    const { client } = await start()
    const request = (text: string, target: string) =>
      buildTranslateRequest(text, target, aModelCall({ model: 'example/translate-1' }), prompts)
    const raw = await ask(client, request('The background is red. A cheetah runs.', 'cs'))
    expect(parseTranslateResponse(raw, 'openai')).toEqual({
      ok: true,
      value: { translation: 'Pozadí je červené. A cheetah runs.' },
    })
    await expect(ask(client, request('A cheetah runs.', 'cs'))).rejects.toMatchObject({ code: 'MODEL_REJECTED' })
    await expect(ask(client, request('The background is red.', 'fi'))).rejects.toMatchObject({ code: 'MODEL_REJECTED' })
  })
})

const PIVOT = 'A large round red shape is in the middle of the picture. The background is white. The edges are clear.'
const ALTS: Record<string, string> = {
  ar: 'كعكة عليها خمس شموع',
  cs: 'Dort s pěti svíčkami',
  hu: 'Torta öt gyertyával',
  ko: '초를 꽂은 케이크',
  ru: 'Торт с пятью свечами',
  sr: 'Торта са пет свећица',
  'sr-Latn': 'Torta sa pet svećica',
  th: 'เค้กปักเทียนห้าเล่ม',
  vi: 'Bánh sinh nhật cắm nến',
}

function thickInput(language: string) {
  const context = { title: null, heading: null, before: null, after: null }
  return {
    alt_text: ALTS[language] ?? '',
    alt_others: [],
    context,
    pivot: PIVOT,
    ling: translate(PIVOT, language) ?? null,
  }
}

describe('example writer of thick captions', () => {
  it('joins native text and description, with a span that holds, in every language', async () => {
    const { client } = await start()
    for (const language of Object.keys(ALTS)) {
      const input = thickInput(language)
      const request = buildThickRequest(
        input,
        language,
        aModelCall({ model: 'example/thick-1', prompt: 'thick/grounded@1' }),
        prompts,
      )
      const parsed = parseThickResponse(await ask(client, request))
      if (!parsed.ok) throw new Error(parsed.problem)
      const result = groundThick(parsed.value, input, input.ling, language)
      expect(result).toMatchObject({ ok: true, caption: parsed.value.caption, removed: [] })
      const { name, start, end } = parsed.value.entities[0] ?? { name: '', start: 0, end: 0 }
      expect(Array.from(input.alt_text).slice(start, end).join('')).toBe(name)
      expect(result.ok && result.entities.length).toBe(1)
    }
  })

  it('with --ungrounded names something invented in every tenth answer, which grounding takes out', async () => {
    const { client } = await start({ ungrounded: true })
    const languages = Object.keys(ALTS)
    let invented = 0
    for (let i = 0; i < 90; i++) {
      const language = languages[i % languages.length] ?? 'cs'
      const input = thickInput(language)
      const call = aModelCall({ model: 'example/thick-1', prompt: 'thick/grounded@1', revision: String(i) })
      const parsed = parseThickResponse(await ask(client, buildThickRequest(input, language, call, prompts)))
      if (!parsed.ok) throw new Error(parsed.problem)
      const result = groundThick(parsed.value, input, input.ling, language)
      const honest = result.ok ? result.removed.length === 0 : false
      if (!honest) invented++
      const held = `${input.alt_text} ${input.ling ?? ''}`
      const words = result.ok ? (result.caption.match(/[\p{L}\p{M}]+/gu) ?? []) : []
      expect(words.filter((word) => !held.includes(word))).toEqual([])
    }
    expect(invented).toBe(9)
  })
})

describe('example model server', () => {
  it('writes one line per request with task and digest', async () => {
    const log = join(tmpdir(), `models-${process.pid}.ndjson`)
    const { server, client } = await start({ log })
    await ask(
      client,
      buildTranslateRequest('The background is red.', 'cs', aModelCall({ model: 'example/all-1' }), prompts),
    )
    await client.close()
    await server.close()
    open.length = 0
    const line = JSON.parse(readFileSync(log, 'utf8')) as Record<string, unknown>
    rmSync(log)
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-/),
      task: 'translate',
      model: 'example/all-1',
      status: 200,
      request: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('with --rate answers 429 with Retry-After, which the client waits for', async () => {
    const { client } = await start({ rate: 2 })
    const request = (text: string) => buildTranslateRequest(text, 'cs', aModelCall({ model: 'example/all-1' }), prompts)
    const answers = await Promise.all(
      ['red', 'blue', 'green', 'pink'].map((colour) => ask(client, request(`The background is ${colour}.`))),
    )
    expect(answers.length).toBe(4)
  })

  it('with --noise adds a random word, another one each time', async () => {
    const { client } = await start({ noise: true })
    const request = buildTranslateRequest(
      'The background is red.',
      'cs',
      aModelCall({ model: 'example/all-1' }),
      prompts,
    )
    const [one, other] = [await ask(client, request), await ask(client, request)]
    expect(one).toMatch(/Pozadí je červené\. [a-z]{7}/)
    expect(one).not.toBe(other)
  })

  it('with --nonsense answers 200 with what no parser takes', async () => {
    const { client } = await start({ nonsense: true })
    const request = buildTranslateRequest(
      'The background is red.',
      'cs',
      aModelCall({ model: 'example/all-1' }),
      prompts,
    )
    for (let i = 0; i < 4; i++) {
      expect(parseTranslateResponse(await ask(client, request), 'openai')).toMatchObject({
        ok: false,
        reason: 'bad_output',
      })
    }
  })
})

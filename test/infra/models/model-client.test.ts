import { afterEach, describe, expect, it } from 'vitest'
import type { ModelCallInput } from '../../../infra/models/adapter.ts'
import { type ModelClient, type ModelLimits, createModelClient } from '../../../infra/models/model-client.ts'
import type { GenerationRequest } from '../../../schema/contracts/generation.ts'
import { type ScriptedAnswer, type ScriptedService, scriptedService } from './scripted-service.ts'

const OK: ScriptedAnswer = {
  status: 200,
  body: '{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}',
}

const open: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const item of open.splice(0).toReversed()) await item.close()
})

async function service(...answers: ScriptedAnswer[]): Promise<ScriptedService> {
  const started = await scriptedService(answers)
  open.push(started)
  return started
}

function client(
  base_url: string,
  limits: Partial<ModelLimits> = {},
  rest: { provider?: 'openai' | 'apertium' | 'libretranslate'; apiKey?: string } = {},
): ModelClient {
  const made = createModelClient({
    provider: 'openai',
    base_url,
    ...rest,
    limits: { concurrency: 4, timeoutMs: 5_000, maxWaitMs: 5_000, ...limits },
  })
  open.push(made)
  return made
}

function aCall(request: Partial<GenerationRequest> = {}): ModelCallInput {
  return {
    request: {
      task: 'translate',
      provider: 'openai',
      model: 'm-1',
      revision: 'r',
      prompt: null,
      schema: { name: 'translate', sha256: 'ab' },
      params: { temperature: 0, seed: 7, max_tokens: 99 },
      pair: null,
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
      ...request,
    },
    schema: { type: 'object' },
    images: new Map(),
  }
}

describe('model client', () => {
  it('sends every sampling parameter and the schema, and returns the raw answer with its usage', async () => {
    const there = await service(OK)
    const answer = await client(`${there.url}/v1/`, {}, { apiKey: 'k-1' }).call(aCall())
    expect(answer).toEqual({
      raw: OK.body,
      status: 200,
      usage: { prompt_tokens: 7, completion_tokens: 3, characters: null },
    })
    expect(there.requests[0]?.path).toBe('/v1/chat/completions')
    expect(there.requests[0]?.headers.authorization).toBe('Bearer k-1')
    expect(JSON.parse(there.requests[0]?.body ?? '')).toEqual({
      model: 'm-1',
      messages: [{ role: 'user', content: 'hi' }],
      temperature: 0,
      seed: 7,
      max_tokens: 99,
      top_p: 1,
      n: 1,
      stream: false,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'translate', strict: true, schema: { type: 'object' } },
      },
    })
  })

  it('sends a picture as a base64 data URL of exactly the bytes that the request names', async () => {
    const there = await service(OK)
    const parts = [
      { type: 'text' as const, text: 'look' },
      { type: 'image' as const, sha256: 'cd', media_type: 'image/png' },
    ]
    const input = {
      ...aCall({ messages: [{ role: 'user', parts }] }),
      images: new Map([['cd', new Uint8Array([1, 2, 3])]]),
    }
    await client(there.url).call(input)
    const body = JSON.parse(there.requests[0]?.body ?? '') as { messages: unknown }
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
        ],
      },
    ])
  })

  it('refuses to send a request whose picture was not given', async () => {
    const there = await service(OK)
    const parts = [{ type: 'image' as const, sha256: 'cd', media_type: 'image/png' }]
    const call = client(there.url).call(aCall({ messages: [{ role: 'user', parts }] }))
    await expect(call).rejects.toMatchObject({ code: 'IMAGE_BYTES_MISSING' })
    expect(there.requests).toEqual([])
  })

  it('speaks to Apertium in a form with langpair and q, leaving its marks on', async () => {
    const there = await service({ status: 200, body: '{"responseData":{"translatedText":"x"}}' })
    const answer = await client(`${there.url}/?keep=1`, {}, { provider: 'apertium' }).call(aCall({ pair: 'eng|spa' }))
    expect(there.requests[0]?.path).toBe('/translate?keep=1')
    expect(there.requests[0]?.body).toBe('langpair=eng%7Cspa&q=hi')
    expect(answer.usage).toEqual({ prompt_tokens: null, completion_tokens: null, characters: 2 })
  })

  it('speaks to LibreTranslate in JSON with both languages of the pair', async () => {
    const there = await service({ status: 200, body: '{"translatedText":"x"}' })
    await client(there.url, {}, { provider: 'libretranslate', apiKey: 'k' }).call(aCall({ pair: 'en|vi' }))
    expect(JSON.parse(there.requests[0]?.body ?? '')).toEqual({
      q: 'hi',
      source: 'en',
      target: 'vi',
      format: 'text',
      api_key: 'k',
    })
  })

  it('waits as long as Retry-After says and then tries again', async () => {
    const there = await service({ status: 429, body: '', headers: { 'retry-after': '0.05' } }, OK)
    const answer = await client(there.url).call(aCall())
    expect(answer.status).toBe(200)
    expect(there.requests.length).toBe(2)
  })

  it('treats a 503 with Retry-After as a wait and one without as a service that is away', async () => {
    const waits = await service({ status: 503, body: '', headers: { 'retry-after': '0.01' } }, OK)
    expect((await client(waits.url).call(aCall())).status).toBe(200)
    const away = await service({ status: 503, body: 'starting' })
    await expect(client(away.url).call(aCall())).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
  })

  it('gives up with the time to come back when the service asks for more waiting than allowed', async () => {
    const there = await service({ status: 429, body: '', headers: { 'retry-after': '60' } })
    const call = client(there.url, { maxWaitMs: 100 }).call(aCall())
    const error = await call.then(
      () => null,
      (reason: unknown) => reason as { code: string; retryAfterMs: number },
    )
    expect(error?.code).toBe('MODEL_RATE_LIMITED')
    expect(Math.round((error?.retryAfterMs ?? 0) / 1000)).toBe(60)
    expect(there.requests.length).toBe(1)
  })

  it('holds back other calls of the same client while the service asks for a pause', async () => {
    const there = await service({ status: 429, body: '', headers: { 'retry-after': '60' } }, OK)
    const shared = client(there.url, { maxWaitMs: 100 })
    await expect(shared.call(aCall())).rejects.toMatchObject({ code: 'MODEL_RATE_LIMITED' })
    await expect(shared.call(aCall())).rejects.toMatchObject({ code: 'MODEL_RATE_LIMITED' })
    expect(there.requests.length).toBe(1)
  })

  it('keeps no more calls under way than its concurrency and reaches it', async () => {
    const there = await service({ ...OK, delay: 20 })
    const shared = client(there.url, { concurrency: 3 })
    await Promise.all(Array.from({ length: 12 }, () => shared.call(aCall())))
    expect(there.peak()).toBe(3)
  })

  it('passes the words of the service on for a 4xx, by kind', async () => {
    const said = '{"error":{"message":"That pair is not installed"}}'
    const cases: [number, string][] = [
      [400, 'MODEL_REJECTED'],
      [401, 'MODEL_UNAUTHORIZED'],
      [404, 'MODEL_NOT_FOUND'],
    ]
    for (const [status, code] of cases) {
      const there = await service({ status, body: said })
      const error = await client(there.url)
        .call(aCall())
        .catch((reason: unknown) => reason as Error & { code: string })
      expect(error).toMatchObject({ code, details: { status } })
      expect(String((error as Error).message)).toContain('That pair is not installed')
    }
  })

  it('names a service without its credentials, and refuses an address that is none', async () => {
    const there = await service({ status: 500, body: 'oops' })
    const error = await client(there.url.replace('http://', 'http://me:secret@') + '/v1?key=secret')
      .call(aCall())
      .catch((reason: unknown) => reason as Error)
    expect((error as Error).message).toBe(`model service ${there.url}/v1 answered 500: oops`)
    expect(() => client('localhost:8000')).toThrowError(expect.objectContaining({ code: 'MODEL_BAD_URL' }))
  })

  it('does not hammer a service that says to retry at once', async () => {
    const there = await service({ status: 429, body: '', headers: { 'retry-after': '0' } })
    await expect(client(there.url, { maxWaitMs: 350 }).call(aCall())).rejects.toMatchObject({
      code: 'MODEL_RATE_LIMITED',
    })
    expect(there.requests.length).toBeLessThanOrEqual(4)
  })

  it('says that a service is away when it refuses the connection', async () => {
    const gone = await scriptedService([OK])
    await gone.close()
    await expect(client(gone.url).call(aCall())).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      details: { service: gone.url, cause: 'ECONNREFUSED' },
    })
  })

  it('ends a call that takes longer than its time', async () => {
    const there = await service({ ...OK, delay: -1 })
    await expect(client(there.url, { timeoutMs: 100 }).call(aCall())).rejects.toMatchObject({ code: 'MODEL_TIMEOUT' })
  })

  it('ends with the reason of the signal when the caller aborts', async () => {
    const there = await service({ ...OK, delay: -1 })
    const call = client(there.url).call(aCall(), AbortSignal.timeout(50))
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('does not read an answer without end', async () => {
    const there = await service({ status: 200, body: 'x'.repeat(9 * 1024 * 1024) })
    await expect(client(there.url).call(aCall())).rejects.toMatchObject({ code: 'MODEL_ANSWER_TOO_LARGE' })
  })

  it('gives text that a database can hold: well-formed and without NUL', async () => {
    const there = await service({ status: 200, body: 'a\0b\ud800' })
    expect((await client(there.url).call(aCall())).raw).toBe('ab\ufffd')
  })

  it('records an answer that is no JSON as it is', async () => {
    const there = await service({ status: 200, body: '<html>hi</html>' })
    expect(await client(there.url).call(aCall())).toEqual({
      raw: '<html>hi</html>',
      status: 200,
      usage: { prompt_tokens: null, completion_tokens: null, characters: null },
    })
  })
})

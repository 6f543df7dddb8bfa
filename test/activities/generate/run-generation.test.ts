import { describe, expect, it } from 'vitest'
import { loadPrompts } from '../../../activities/generate/prompts.ts'
import { type GenerationDeps, runGeneration } from '../../../activities/generate/run-generation.ts'
import { buildTranslateRequest, parseTranslateResponse } from '../../../activities/generate/translate.ts'
import { aCompletion, aModelCall } from './builders.ts'

const built = buildTranslateRequest('A dog.', 'cs', aModelCall(), loadPrompts())
const parse = (raw: string) => parseTranslateResponse(raw, 'openai')

function aService(answers: string[], recorded = new Map<string, string>()) {
  const sent: string[] = []
  const deps: GenerationDeps = {
    find: (digest) => Promise.resolve(recorded.get(digest) ?? null),
    send: (request) => {
      sent.push(request.digest)
      const usage = { prompt_tokens: 1, completion_tokens: 1, characters: null }
      return Promise.resolve({ raw: answers[sent.length - 1] ?? '', status: 200, usage })
    },
    record: (request, response) => {
      if (!recorded.has(request.digest)) recorded.set(request.digest, response.raw)
      return Promise.resolve(recorded.get(request.digest) ?? '')
    },
  }
  return { deps, sent, recorded }
}

describe('a generation', () => {
  it('is one call when the answer fits', async () => {
    const { deps, sent } = aService([aCompletion({ translation: 'Pes.' })])
    expect(await runGeneration(deps, built, parse)).toEqual({
      parsed: { ok: true, value: { translation: 'Pes.' } },
      requests: [built.digest],
      sent: 1,
    })
    expect(sent).toEqual([built.digest])
  })

  it('gets one repair round, recorded as a request of its own', async () => {
    const { deps, recorded } = aService(['nonsense', aCompletion({ translation: 'Pes.' })])
    const result = await runGeneration(deps, built, parse)
    expect(result.parsed).toEqual({ ok: true, value: { translation: 'Pes.' } })
    expect(result.sent).toBe(2)
    expect([...recorded.keys()]).toEqual(result.requests)
  })

  it('ends as bad_output after the second nonsense, without a third call', async () => {
    const { deps, sent } = aService(['nonsense', 'nonsense', aCompletion({ translation: 'Pes.' })])
    const result = await runGeneration(deps, built, parse)
    expect(result.parsed).toMatchObject({ ok: false, reason: 'bad_output' })
    expect(sent.length).toBe(2)
  })

  it('does not ask again after a refusal', async () => {
    const { deps, sent } = aService([aCompletion('', {}, { refusal: 'No.' })])
    expect((await runGeneration(deps, built, parse)).parsed).toMatchObject({ reason: 'refused' })
    expect(sent.length).toBe(1)
  })

  it('replays both rounds from the record without a call', async () => {
    const first = aService(['nonsense', aCompletion({ translation: 'Pes.' })])
    const before = await runGeneration(first.deps, built, parse)
    const again = aService([], first.recorded)
    expect(await runGeneration(again.deps, built, parse)).toEqual({ ...before, sent: 0 })
    expect(again.sent).toEqual([])
  })

  it('takes the answer that was committed first, not its own', async () => {
    const { deps } = aService([aCompletion({ translation: 'Vlk.' })])
    const winner = aCompletion({ translation: 'Pes.' })
    const result = await runGeneration({ ...deps, record: () => Promise.resolve(winner) }, built, parse)
    expect(result.parsed).toEqual({ ok: true, value: { translation: 'Pes.' } })
  })
})

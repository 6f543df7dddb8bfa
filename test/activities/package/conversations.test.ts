import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runFileJob, type PicturedRow } from '../../../activities/package/file-job.ts'
import { hasPrompts, promptsOf } from '../../../activities/package/sft-prompts.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'
import { SCORES } from './a-release.ts'
import { aRow, rows, sha256 } from './a-row.ts'

interface Line {
  id: string
  prompt_id: string
  conversations: { from: string; value: string }[]
}

async function lines(given: ReleaseRow[], lang = 'sr-Latn'): Promise<Line[]> {
  let text = ''
  async function* source(): AsyncGenerator<PicturedRow> {
    for (const row of given) yield await Promise.resolve({ row, picture: null })
  }
  const job = {
    kind: 'sft' as const,
    extension: 'jpg',
    lang,
    split: 'train',
    scoreNames: SCORES,
    images: 'links' as const,
  }
  await runFileJob({ write: (bytes) => (text += Buffer.from(bytes).toString()) }, job, source())
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
}

describe('conversations', () => {
  it('have a stable id, the picture, and the prompt by id and digest', async () => {
    const row = aRow({ in_ling: false, caption_ling: null })
    const [line, ...more] = await lines([row])
    const prompt = promptsOf('sr-Latn', 'alternative')!.find(({ id }) => id === line!.prompt_id)!
    expect([line, more]).toEqual([
      {
        id: `${row.key}/know`,
        image: `${row.key}.jpg`,
        width: 4,
        height: 3,
        lang: 'sr-Latn',
        prompt_id: prompt.id,
        prompt_sha256: sha256(prompt.text),
        conversations: [
          { from: 'human', value: `<image>\n${prompt.text}` },
          { from: 'gpt', value: row.alt_text },
        ],
      },
      [],
    ])
  })

  it('ask for an alternative text where the answer is one, and for a description elsewhere', async () => {
    const given = rows(20, () => ({ in_thick: true, caption_thick: 'x' }))
    const kinds = (await lines(given)).map(({ id, prompt_id }) =>
      [id.split('/')[1], prompt_id.split('/')[1]!.split('-')[0]].join(' '),
    )
    expect(new Set(kinds)).toEqual(new Set(['know alternative', 'ling describe', 'thick describe']))
  })

  it('draw their prompts evenly and the same each time', async () => {
    const given = rows(200)
    const first = (await lines(given)).map(({ prompt_id }) => prompt_id)
    expect((await lines(given)).map(({ prompt_id }) => prompt_id)).toEqual(first)
    const uses = Object.values(Object.groupBy(first, (id) => id)).map((list) => list!.length)
    expect([uses.length, Math.min(...uses) > 70]).toEqual([4, true])
  })

  it('hold one mark for one picture, whatever a text says', async () => {
    const [line] = await lines([aRow({ alt_text: 'a <image> and <video>' })])
    expect(line!.conversations.map(({ value }) => value.match(/<(image|video)>/g)?.length ?? 0)).toEqual([1, 0])
    expect(line!.conversations[1]!.value).toBe('a ‹image› and ‹video›')
  })

  it('are refused in a language without prompts', async () => {
    await expect(lines([aRow({ lang: 'gd' })], 'gd')).rejects.toMatchObject({ code: 'PROMPTS_MISSING' })
  })
})

describe('the prompts', () => {
  const tags = readdirSync(new URL('../../../activities/package/prompts/', import.meta.url)).map((name) =>
    name.replace('.json', ''),
  )

  it('are known for every file that there is', () => {
    expect(tags.filter((tag) => !hasPrompts(tag))).toEqual([])
  })

  it('have ids of their own language, each once', () => {
    const prompts = tags.flatMap((tag) =>
      [...promptsOf(tag, 'describe')!, ...promptsOf(tag, 'alternative')!].map(({ id }) => [tag, id] as const),
    )
    expect(prompts.filter(([tag, id]) => !id.startsWith(`${tag}/`))).toEqual([])
    expect(new Set(prompts.map(([, id]) => id)).size).toBe(prompts.length)
  })
})

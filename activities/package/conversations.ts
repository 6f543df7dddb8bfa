import { createHash } from 'node:crypto'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { ReleaseRow } from '../../schema/contracts/release-row.ts'
import type { ByteSink } from './parquet-file.ts'
import { promptDigest, promptsOf, type Prompt, type Purpose } from './sft-prompts.ts'

/** Which texts of a row become conversations, and what they answer. */
const TEXTS: { subset: string; column: 'alt_text' | 'caption_ling' | 'caption_thick'; purpose: Purpose }[] = [
  { subset: 'know', column: 'alt_text', purpose: 'alternative' },
  { subset: 'ling', column: 'caption_ling', purpose: 'describe' },
  { subset: 'thick', column: 'caption_thick', purpose: 'describe' },
]

/** Marks that trainers replace by a picture, film or sound. */
const MEDIA_MARKS = /<(image|video|audio)>/g

/**
 * `sft/<lang>/<split>.jsonl`: one conversation for each text of each row, in the LLaVA form with a stable id
 * (`KEY/subset`), the id and digest of its prompt, and the picture by the name that it has in the data. The prompt is
 * drawn by hash of that id. Media marks inside a text are made harmless, because trainers count them.
 * Gives the number of rows. PermanentError PROMPTS_MISSING for a language without prompts.
 */
export async function writeConversations(
  sink: ByteSink,
  rows: AsyncIterable<ReleaseRow>,
  { lang, extension }: { lang: string; extension: string },
): Promise<number> {
  let count = 0
  for await (const row of rows) {
    for (const { subset, column, purpose } of TEXTS) {
      const text = row[column]
      if (text !== null)
        sink.write(
          Buffer.from(
            `${conversation(row, `${row.key}/${subset}`, text, drawn(lang, purpose, row, subset), extension)}\n`,
          ),
        )
    }
    count++
  }
  return count
}

function conversation(row: ReleaseRow, id: string, text: string, prompt: Prompt, extension: string): string {
  return JSON.stringify({
    id,
    image: `${row.key}.${extension}`,
    width: row.width,
    height: row.height,
    lang: row.lang,
    prompt_id: prompt.id,
    prompt_sha256: promptDigest(prompt),
    conversations: [
      { from: 'human', value: `<image>\n${prompt.text}` },
      { from: 'gpt', value: text.replace(MEDIA_MARKS, '‹$1›') },
    ],
  })
}

function drawn(lang: string, purpose: Purpose, { key }: ReleaseRow, subset: string): Prompt {
  const prompts = promptsOf(lang, purpose)
  if (!prompts)
    throw new PermanentError(
      'PROMPTS_MISSING',
      `no conversation prompts in ${lang}; leave sft out of package.formats`,
      { lang },
    )
  const number = createHash('sha256').update(`${key}/${subset}`).digest().readUInt32BE()
  return prompts[number % prompts.length]!
}

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runFileJob, type PicturedRow } from '../../../activities/package/file-job.ts'
import { canonicalRow } from '../../../activities/package/leaf.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'
import { SCORES } from './a-release.ts'
import { rows, sha256 } from './a-row.ts'

const GIVEN = rows(3, (n) => (n === 1 ? { caption_thick: 'Густ опис', in_thick: true } : {}))

async function tar(given: ReleaseRow[], images: 'bytes' | 'links' = 'bytes'): Promise<Buffer> {
  const parts: Buffer[] = []
  async function* source(): AsyncGenerator<PicturedRow> {
    for (const row of given) yield await Promise.resolve({ row, picture: images === 'bytes' ? row.image!.bytes : null })
  }
  const job = {
    kind: 'webdataset' as const,
    extension: 'png',
    lang: 'sr-Latn',
    split: 'train',
    scoreNames: SCORES,
    images,
  }
  await runFileJob({ write: (bytes) => parts.push(Buffer.from(bytes)) }, job, source())
  return Buffer.concat(parts)
}

describe('a WebDataset shard', () => {
  it('is a tar that the system tar unpacks to picture, text and columns of each row', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tar-'))
    writeFileSync(join(folder, 'x.tar'), await tar(GIVEN))
    const run = (...args: string[]) => execFileSync('tar', args, { cwd: folder })
    const names = GIVEN.flatMap(({ key }) => [`${key}.png`, `${key}.json`, `${key}.txt`])
    expect(run('tf', 'x.tar').toString().trim().split('\n')).toEqual(names)
    const [first] = GIVEN
    const member = (extension: string) => run('xOf', 'x.tar', `${first!.key}.${extension}`)
    expect(member('png').equals(first!.image!.bytes!)).toBe(true)
    expect(member('json').toString()).toBe(canonicalRow(first!))
    const texts = GIVEN.map(({ key }) => run('xOf', 'x.tar', `${key}.txt`).toString())
    expect(texts).toEqual(GIVEN.map(({ caption_thick, caption_ling }) => caption_thick ?? caption_ling))
    rmSync(folder, { recursive: true })
  })

  it('has no clock, owner or machine in it', async () => {
    expect(sha256(await tar(GIVEN))).toBe('662f109cf47d55704469285dfbff9a58079ffdaaeb602fc40078bbfd05ee9cd8')
  })

  it('of links has no pictures', async () => {
    const bytes = await tar(GIVEN, 'links')
    expect(bytes.includes('.png\0')).toBe(false)
    expect(bytes.length % 512).toBe(0)
  })
})

import sharp from 'sharp'
import { expect, test } from 'vitest'
import { createPicturePool } from '../../workers/picture-pool.ts'

test('blocks exotic loaders for the whole process before a thread decodes', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
  expect(await sharp(svg).metadata()).toMatchObject({ format: 'svg' })
  await using pool = await createPicturePool({ threads: 1 })
  await expect(sharp(svg).metadata()).rejects.toThrow('unsupported image format')
  expect(await pool.normalise(svg, { format: 'png', quality: 1, background: '#ffffff', max_side: 8 })).toEqual({
    fact: { ok: false, reason: 'unsupported_format' },
    released: null,
  })
})

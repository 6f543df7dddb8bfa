import { afterAll, expect, it } from 'vitest'
import { extractPage } from '../../activities/extract/extract-page.ts'
import { createPagePool } from '../../workers/page-pool.ts'

const PAGE = {
  url: 'https://a.example/',
  body: Buffer.from('<html lang="cs"><title>Hrad</title><p>Starý hrad</p><img src="h.png" alt="Hrad nad řekou">'),
  contentType: 'text/html; charset=utf-8',
  contentLanguage: null,
}

const pool = createPagePool({ threads: 1 })
afterAll(() => pool[Symbol.asyncDispose]())

it('gives what the function gives, and leaves the bytes to the caller', async () => {
  expect(await pool.extract(PAGE, true)).toEqual(extractPage(PAGE))
  expect(PAGE.body.toString()).toContain('Hrad nad řekou')
})

it('leaves the text out for who has no use for it', async () => {
  const found = await pool.extract(PAGE, false)
  expect(found).toMatchObject({ ok: true, page: { title: 'Hrad', text: '' } })
})

it('gives up a page that ends its thread twice', async () => {
  await using hasty = createPagePool({ threads: 1, taskTimeoutMs: 300 })
  const slow = { ...PAGE, body: Buffer.from('<p><img src=a alt="b c">'.repeat(400_000)) }
  expect(await hasty.extract(slow, false)).toEqual({ ok: false, reason: 'kills_worker' })
})

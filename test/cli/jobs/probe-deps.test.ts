import { expect, test } from 'vitest'
import { openProbe } from '../../../cli/jobs/probe-deps.ts'
import { aSection } from '../../support/crawl.ts'
import { testSettings } from '../../support/home.ts'

function aPage(html: string) {
  const contentType = 'text/html; charset=utf-8'
  return { url: 'https://a.example/', body: Buffer.from(html), contentType, contentLanguage: null }
}

test('a page that takes too long to parse ends its thread, not the probe, which reads the next one', async () => {
  await using probe = await openProbe(testSettings('/nonexistent'), aSection(['https://a.example/']), {
    pageTimeoutMs: 300,
  })
  const slow = aPage('<p><img src=a alt="b c">'.repeat(400_000))
  expect(await probe.deps.extractPage(slow)).toEqual({ ok: false, reason: 'kills_worker' })
  const clean = aPage('<title>Hrad</title><p>Hrad nad řekou<img src=h.png alt="Hrad">')
  expect(await probe.deps.extractPage(clean)).toMatchObject({
    ok: true,
    page: { title: 'Hrad', text: 'Hrad nad řekou\nHrad', candidates: [{ texts: [{ text: 'Hrad' }] }] },
  })
})

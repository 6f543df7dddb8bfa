import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalRow, rowLeaf } from '../../../activities/package/leaf.ts'
import { aRow } from './a-row.ts'

const row = aRow({
  key: 'k1',
  leaf: 'not bound',
  image: null,
  alt_text: 'a "boat"\n',
  alt_others: [],
  context: { title: null, heading: 'ř', before: null, after: '\u{1f6a3}' },
  fetched_sha256: 'f0',
  image_sha256: 'f1',
  pdq: null,
  scores: { sharpness: 12, porn: 0.0001, align: null, big: -1.5 },
})

const CANONICAL =
  '{"alt_others":[],"alt_source":"alt","alt_text":"a \\"boat\\"\\n","alt_type":"description",' +
  '"caption_ling":"Čamac na reci.","caption_pivot":"A boat on a river.","caption_thick":null,' +
  '"context":{"after":"\u{1f6a3}","before":null,"heading":"ř","title":null},"fetched_sha256":"f0","height":3,' +
  '"image_sha256":"f1","image_url":"https://a.example/1.png","in_know":true,"in_ling":true,"in_thick":false,' +
  '"key":"k1","lang":"sr-Latn","licence":null,"page_url":"https://a.example/1","pdq":null,"rights":"none",' +
  '"scores":{"align":null,"big":-1.5,"porn":0.0001,"sharpness":12},"script":"Latn","split":"train","width":4}'

describe('the leaf of a row', () => {
  it('binds canonical JSON of every column but image and leaf', () => {
    expect(canonicalRow(row)).toBe(CANONICAL)
  })

  it('is SHA-256 over a zero byte, the key and the digest of that JSON', () => {
    const digest = createHash('sha256').update(CANONICAL, 'utf8').digest()
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.of(0), Buffer.from('k1', 'utf8'), digest]))
      .digest('hex')
    expect(rowLeaf(row).toString('hex')).toBe(expected)
  })

  it('is the one that the documentation of the format gives', () => {
    expect(rowLeaf(row).toString('hex')).toBe('6d8aaf351c020a64f1d46302b03de162dc30c0462e03f5c5c229aa3bb5ae577a')
  })

  it('does not see properties that are not columns, nor the order of properties', () => {
    const reversed = Object.fromEntries(Object.entries({ ...row, extra: 1 }).reverse()) as unknown as typeof row
    expect(rowLeaf(reversed)).toEqual(rowLeaf(row))
  })

  it.each(Object.keys(JSON.parse(CANONICAL) as object))('changes when %s changes', (column) => {
    const change = {
      alt_others: [{ text: 'x', source: 'alt', page_url: 'u' }],
      context: { ...row.context, title: 'x' },
      scores: {},
    }
    const other = { ...row, [column]: change[column as keyof typeof change] ?? 'changed' }
    expect(rowLeaf(other)).not.toEqual(rowLeaf(row))
  })

  it('refuses a lone surrogate', () => {
    expect(() => rowLeaf({ ...row, alt_text: '\ud800' })).toThrow('Lone surrogate')
  })
})

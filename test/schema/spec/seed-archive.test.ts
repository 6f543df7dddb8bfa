import { expect, test } from 'vitest'
import { specDigest } from '../../../activities/package/spec-file.ts'
import { identitySection, readSeedArchive, writeSeedArchive } from '../../../schema/spec/seed-archive.ts'
import { specIdentity } from '../../../schema/spec/spec-identity.ts'
import { aSpec } from '../../support/spec.ts'

const SHA = 'ab'.repeat(32)

test('a seed is an archive by its scheme alone, and is read as it is written', () => {
  expect(readSeedArchive('https://a.example/x.warc')).toBeNull()
  expect(readSeedArchive('warc:')).toBeNull()
  expect(readSeedArchive('warc:/x/a#1.warc')).toEqual({ file: '/x/a#1.warc', name: 'a#1.warc', sha256: null })
  expect(readSeedArchive(writeSeedArchive('/x/a#1.warc', SHA))).toEqual({
    file: '/x/a#1.warc',
    name: 'a#1.warc',
    sha256: SHA,
  })
})

test('where an archive lies is no part of what a section is, its name and content are', () => {
  const at = (...files: string[]) =>
    identitySection({ seeds: { cs: files.map((file) => writeSeedArchive(file, SHA)) } })
  expect(at('/x/b.warc', '/y/a.warc')).toEqual({
    seeds: { cs: [`warc:a.warc#sha256=${SHA}`, `warc:b.warc#sha256=${SHA}`] },
  })
  expect(at('/z/a.warc')).not.toEqual(at('/z/b.warc'))
  const urls = { seeds: { cs: ['https://b.example/', 'https://a.example/'] } }
  expect(identitySection(urls)).toEqual(urls)
})

test('nor is it of a release', () => {
  const spec = aSpec()
  const of = (file: string) => ({
    ...spec,
    crawl: spec.crawl && { ...spec.crawl, seeds: { cs: [writeSeedArchive(file, SHA)] } },
  })
  const at = (file: string) => [specDigest(of(file)), specIdentity(of(file))]
  expect(at('/x/a.warc')).toEqual(at('/y/a.warc'))
  expect(at('/x/a.warc')).not.toEqual(at('/x/b.warc'))
})

import { beforeAll, expect, test } from 'vitest'
import { seedJudgedRelease, seedRelease, type TestPicture, type TestRelease } from '../../support/a-release.ts'
import { useTestDatabase } from '../../support/database.ts'
import { useMella } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const database = useTestDatabase()
const mella = useMella('exit-codes', database, useTestNamespace())
const PICTURES: readonly TestPicture[] = [
  { name: 'mill', text: 'Starý mlýn u řeky' },
  { name: 'tiny', text: 'Malý obrázek mlýna', side: 90 },
]
const NOBODY = '0'.repeat(64)

let release: TestRelease
let open: TestRelease
beforeAll(async () => {
  release = await seedRelease(database.as('writer'), PICTURES)
  open = await seedJudgedRelease(database.as('writer'), PICTURES, '', '2.0.0')
})

const keyOf = (name: string) => release.keyOf(name).toString('hex')

test('what is there is shown, and ends 0', async () => {
  const shown = [
    ['release', 'list'],
    ['release', 'show', release.release.id],
    ['sample', 'list', release.release.id, '--all'],
    ['sample', 'trace', keyOf('mill')],
    ['sample', 'explain', keyOf('tiny')],
    ['sample', 'explain', 'http://a.example/tiny.jpg'],
    ['crawl', 'list'],
    ['crawl', 'explain', 'http://a.example/'],
  ]
  const codes = []
  for (const argv of shown) {
    const { code, stdout, stderr } = await mella.run(...argv)
    codes.push([argv.join(' '), code, stdout !== '', code === 0 ? '' : stderr])
  }
  expect(codes).toEqual(shown.map((argv) => [argv.join(' '), 0, true, '']))
})

test.each([
  ['a release', ['release', 'show', 'no-such'], 'mella: release no-such: there is none'],
  ['a release to verify', ['release', 'verify', 'no-such'], 'mella: release no-such: there is none'],
  ['a release to export', ['release', 'export', 'no-such', 'x'], 'mella: release no-such: there is none'],
  ['a release to pause', ['release', 'pause', 'no-such'], 'mella: release no-such: there is none'],
  ['a crawl', ['crawl', 'show', 'no-such'], 'mella: crawl no-such: there is none'],
  ['a crawl to freeze', ['crawl', 'freeze', 'no-such'], 'mella: crawl no-such: there is none'],
  ['a sample', ['sample', 'trace', NOBODY], `mella: sample ${NOBODY}: is in no release`],
])('%s that is not there ends 4, by its name', async (_, argv, words) => {
  const { code, stdout, stderr } = await mella.run(...argv)
  expect([code, stdout, stderr.split('\n')[0]]).toEqual([4, '', words])
})

test('a picture, URL or sample that a release does not have ends 4, and names where to look', async () => {
  const { id } = release.release
  expect(await mella.run('sample', 'explain', NOBODY, '--release', id)).toEqual({
    code: 4,
    stdout: '',
    stderr: `mella: key or picture ${NOBODY}: release ${id} has no candidate of it\n  try: ./mella sample list ${id} --all\n`,
  })
  const url = 'http://a.example/none.jpg'
  expect(await mella.run('sample', 'explain', url, '--release', id)).toEqual({
    code: 4,
    stdout: '',
    stderr: `mella: url ${url}: release ${id} has no candidate of it\n  try: ./mella crawl explain ${url}\n`,
  })
  expect(await mella.run('sample', 'trace', NOBODY, '--release', id)).toEqual({
    code: 4,
    stdout: '',
    stderr: `mella: sample ${NOBODY}: is not in release ${id}\n  try: ./mella sample list ${id}\n`,
  })
})

test('what is no key and no URL ends 2', async () => {
  const argvs = [
    ['sample', 'trace', 'abc'],
    ['sample', 'trace', NOBODY, '--format', 'xml'],
    ['sample', 'explain', 'abc'],
  ]
  expect(await Promise.all(argvs.map(async (argv) => (await mella.run(...argv)).code))).toEqual([2, 2, 2])
})

test('a release that is not done has nothing to verify or export yet, which is a failure', async () => {
  const { id } = open.release
  for (const argv of [
    ['release', 'verify', id],
    ['release', 'export', id, 'x'],
  ]) {
    const { code, stderr } = await mella.run(...argv)
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      `mella: release ${id}: is running, there ${argv[1] === 'verify' ? 'is nothing to verify' : 'are no files'} yet`,
    ])
  }
})

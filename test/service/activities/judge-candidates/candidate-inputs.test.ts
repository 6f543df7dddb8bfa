import { beforeAll, expect, test } from 'vitest'
import { readCandidateInputs } from '../../../../activities/judge-candidates/judge-candidates.activity.ts'
import { insertHostLanguages } from '../../../../schema/queries/frequency.ts'
import { seedRelease, type TestPicture, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aTextFact, CZECH_PAGE, digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
const OFTEN = Array.from({ length: 5 }, (_, no): TestPicture => ({ name: `logo ${no}`, text: 'Na úvod' }))
const PICTURES: readonly TestPicture[] = [{ name: 'mill', text: 'Starý mlýn' }, ...OFTEN, { name: 'bare', text: null }]

let release: TestRelease
beforeAll(async () => {
  const db = database.as('writer')
  release = await seedRelease(db, PICTURES)
  await insertHostLanguages(db, release.run, [
    { host: 'a.example', lang: 'sk', letters: 100 },
    { host: 'a.example', lang: 'cs', letters: 5_000 },
    { host: 'b.example', lang: 'hu', letters: 9_000 },
  ])
})

const read = (definitions: Partial<Record<string, number>> = {}) => {
  const pinned = release.release.plan.definitions
  const defId = (step: string) => definitions[step] ?? pinned[step]?.def_id ?? 0
  return readCandidateInputs(database.as('writer'), { run: release.run, from: 0, to: 1, defId })
}

test('a candidate is judged by its page, its host, its texts and how often they stand', async () => {
  const inputs = await read()
  expect(inputs.map(({ input }) => input.texts)).toEqual(
    PICTURES.map(({ text }) => (text === null ? [] : [aTextFact(text)])),
  )
  expect(inputs.map(({ input }) => input.frequencies)).toEqual([
    [null],
    ...OFTEN.map(() => [{ uses: 5, pages: 1, pictures: 5 }]),
    [],
  ])
  expect(inputs[0]).toMatchObject({
    row: { page_no: 0, position: 0, picture: digestOf('mill'), host: 'a.example' },
    input: {
      candidate: { position: 0, image_url: 'http://a.example/mill.jpg' },
      fetchReason: null,
      pageReserved: false,
      page: CZECH_PAGE,
      declaredPage: 'cs',
      declaredSeed: 'cs',
      hostPages: 1,
      host: [
        { group: 'cs', letters: 5_000 },
        { group: 'sk', letters: 100 },
      ],
    },
  })
})

test.each(['extract', 'page-language'])('candidates without the fact %s are not judged', async (step) => {
  await expect(read({ [step]: 0 })).rejects.toMatchObject({
    code: 'FACT_MISSING',
    message: `page 0 of run ${release.run} has candidates without their facts`,
  })
})

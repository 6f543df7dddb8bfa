import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { normalisePicture } from '../../activities/normalise/normalise-picture.ts'
import { pdqReferenceHash } from '../../activities/normalise/pdq.ts'
import { classifyPicture } from '../../activities/safety/classify-picture.ts'
import { createClassifier } from '../../infra/classifier.ts'
import { createImages } from '../../infra/images.ts'
import { createFolderStore } from '../../infra/objects.ts'
import { createPicturePool } from '../../workers/picture-pool.ts'
import { aRaster, sharpOf } from '../builders/pictures.ts'

const images = await createImages()
const pool = await createPicturePool({ threads: 2 })
const config = { format: 'jpeg', quality: 90, background: '#ffffff', max_side: 256 } as const
afterAll(() => pool.close())

test('finds in threads what is found without them, whatever runs beside', async () => {
  const files = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((seed) =>
      sharpOf(aRaster({ width: 400, seed }))
        .png()
        .toBuffer(),
    ),
  )
  const inThreads = await Promise.all(files.map((bytes) => pool.normalise(bytes, config)))
  const here = await Promise.all(files.map((bytes) => normalisePicture(bytes, config, images)))
  expect(inThreads).toEqual(here)
})

test('reads a stored picture in the thread, and verifies it', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'mella-test-pictures-'))
  const store = createFolderStore(root)
  const bytes = await sharpOf(aRaster()).png().toBuffer()
  const sha = await store.put(bytes)
  const stored = { file: store.locate(sha), sha256: sha.toString('hex') }
  expect(await pool.normalise(stored, config)).toEqual(await pool.normalise(bytes, config))
  await writeFile(stored.file, 'another')
  await expect(pool.normalise(stored, config)).rejects.toMatchObject({
    code: 'OBJECT_CORRUPT',
    message: `object ${stored.sha256} in ${root} does not have the digest of its name: restore it from a copy`,
  })
  await rm(root, { recursive: true })
})

test('leaves the bytes that it was given to their owner', async () => {
  const bytes = await sharpOf(aRaster()).png().toBuffer()
  const copy = Buffer.from(bytes)
  await pool.normalise(bytes, config)
  expect(bytes.equals(copy)).toBe(true)
})

test('gives a picture that cannot be read as a value', async () => {
  expect(await pool.normalise(Buffer.from('no picture'), config)).toEqual({
    fact: { ok: false, reason: 'unsupported_format' },
    released: null,
  })
})

test('classifies and hashes as without threads', async () => {
  await pool.startClassifier()
  const bytes = await sharpOf(aRaster({ seed: 8 }))
    .jpeg()
    .toBuffer()
  const classifier = await createClassifier()
  expect(await pool.classify(bytes)).toEqual(await classifyPicture(bytes, images, classifier))
  classifier.close()
  expect(await pool.pdqReference(bytes)).toEqual(await pdqReferenceHash(bytes, images))
})

test('passes on why a picture could not be hashed', async () => {
  await expect(pool.pdqReference(Buffer.from('no picture'))).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'IMAGE_UNSUPPORTED_FORMAT',
  })
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NORMALISE_REV, normalisePicture } from '../../../activities/normalise/normalise-picture.ts'
import { type EncoderDefinition, createImages } from '../../../infra/images.ts'
import type { NormaliseFact } from '../../../schema/contracts/facts.ts'
import { aRaster, sharpOf } from '../../builders/pictures.ts'

/**
 * What normalise found in four generated pictures when its `rev` was last raised. A difference means: raise
 * NORMALISE_REV and record anew. Released bytes are held against the record only by the encoder build that wrote
 * it; what was found in pixels is the same on every machine.
 */
interface Golden {
  rev: number
  encoder: EncoderDefinition
  facts: Record<string, Extract<NormaliseFact, { ok: true }>>
}
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Golden

const images = await createImages()
const CASES = {
  'png to jpeg': [() => sharpOf(aRaster({ width: 400, height: 300 })).png(), 'jpeg', 256],
  'png to webp': [() => sharpOf(aRaster({ width: 90, height: 70, seed: 2 })).png(), 'webp', 256],
  'gif to png': [() => sharpOf(aRaster({ width: 64, height: 64, seed: 3 })).gif({ colours: 16, dither: 0 }), 'png', 32],
  'large png to jpeg': [() => sharpOf(aRaster({ width: 1500, height: 700, seed: 4 })).png(), 'jpeg', 1024],
} as const

async function facts() {
  const found: Golden['facts'] = {}
  for (const [name, [make, format, max_side]] of Object.entries(CASES)) {
    const config = { format, quality: 90, background: '#ffffff', max_side } as const
    const { fact } = await normalisePicture(await make().toBuffer(), config, images)
    if (fact.ok) found[name] = fact
  }
  return found
}

/** Bytes of the input come from an encoder too, so only what was found in pixels is portable. */
function portable(all: Golden['facts']) {
  return Object.values(all).map((fact) => ({
    ...fact,
    bytes: null,
    released: { width: fact.released.width, height: fact.released.height },
  }))
}

test('was recorded with the present rev', () => {
  expect(golden.rev).toBe(NORMALISE_REV)
})

test('finds in generated pictures what was recorded', async () => {
  expect(portable(await facts())).toEqual(portable(golden.facts))
})

test.runIf(golden.encoder.build === `${process.platform}-${process.arch}`)(
  'releases the recorded bytes on the platform of the record',
  async () => {
    expect({ encoder: images.definition(), facts: await facts() }).toEqual({
      encoder: golden.encoder,
      facts: golden.facts,
    })
  },
)

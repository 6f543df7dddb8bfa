import { createHmac } from 'node:crypto'
import type { RunInput } from '../../schema/contracts/release-work.ts'
import { insertSamples, type KeyedSample, sampleGroups } from '../../schema/queries/samples.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'
import { sha256 } from '../digest.ts'

export interface FormSamplesDeps extends StepDeps {
  /** Secret of the dataset, 32 bytes. */
  datasetKey(dataset: string): Buffer
}

export type FormSamplesActivities = ReturnType<typeof createFormSamplesActivities>

/** Candidates of one picture in one language become one sample. */
export function createFormSamplesActivities(deps: FormSamplesDeps) {
  /** Safe to run twice: keys are functions of tag and picture, numbers of the order of keys. */
  const formSamples = (input: RunInput): Promise<{ samples: number; shards: number }> =>
    runStep(deps, input, 'form-samples', async ({ run, release }) => {
      const secret = deps.datasetKey(release.dataset)
      const samples = await insertSamples(deps.db, run.run, keyed(sampleGroups(deps.db, run.run), secret))
      return { samples, shards: Math.ceil(samples / run.shard_size) }
    })
  return { formSamples }
}

async function* keyed(groups: ReturnType<typeof sampleGroups>, secret: Buffer): AsyncGenerator<KeyedSample[]> {
  for await (const group of groups) {
    yield group.map((one) => ({
      ...one,
      key: sampleKey(secret, one.tag, one.picture),
      alt_sha: one.text === null ? null : sha256(one.text),
    }))
  }
}

/** HMAC-SHA256 under the dataset's key over the tag in UTF-8, a zero byte and the 32 bytes of the picture's sha256. */
export function sampleKey(secret: Buffer, tag: string, picture: Buffer): Buffer {
  return createHmac('sha256', secret).update(tag).update('\0').update(picture).digest()
}

import { createDuplicatesActivities } from '../../activities/duplicates/duplicates.activity.ts'
import { createExtractActivities } from '../../activities/extract/extract.activity.ts'
import { createJudgeCandidatesActivities } from '../../activities/judge-candidates/judge-candidates.activity.ts'
import { createJudgeSamplesActivities } from '../../activities/judge-samples/judge-samples.activity.ts'
import { createNormaliseActivities } from '../../activities/normalise/normalise.activity.ts'
import { createFilesActivities } from '../../activities/package/files.activity.ts'
import { createRowsActivities } from '../../activities/package/rows.activity.ts'
import { detectPageLanguage } from '../../activities/page-language/page-language.ts'
import { createSafetyActivities } from '../../activities/safety/safety.activity.ts'
import { describeText } from '../../activities/text/describe-text.ts'
import { loadDetectors } from '../../infra/detectors.ts'
import { readWarcRecord, readWarcResponse } from '../../infra/warc-read.ts'
import { streamNearPairs } from '../near-pairs.ts'
import type { Runtime } from '../runtime.ts'
import { fileDeps } from './package-deps.ts'

/** Far above any `max_body_mib` that a spec may set. */
const MAX_PAGE_BYTES = 1024 * 1024 * 1024

/** Everything that computes: parsing, decoding, classifying, judging, packing; long work in threads of its own. */
export async function cpuActivities(runtime: Runtime) {
  const detectors = await loadDetectors()
  const pictures = await runtime.pictures()
  await pictures.startClassifier()
  const { writeDataFile } = createFilesActivities(fileDeps(runtime))
  return {
    writeDataFile,
    ...createExtractActivities({
      ...runtime,
      readBody: async (place) => {
        const record = readWarcRecord(await runtime.store.getRange(place.sha, place.offset, place.length))
        return (await readWarcResponse(record, MAX_PAGE_BYTES)).body
      },
      extract: (input) => runtime.pages.extract(input, true),
      describePage: (text, declared) => detectPageLanguage(text, declared, detectors),
      describeText: (text, languages) => describeText(text, detectors, languages),
    }),
    ...createNormaliseActivities({
      ...runtime,
      // Bytes of pictures in this thread would have its large heap collected again and again.
      normalise: (picture, config) =>
        pictures.normalise({ file: runtime.store.locate(picture), sha256: picture.toString('hex') }, config),
      matchAbuse: runtime.matchAbuse,
      threads: runtime.threads,
    }),
    ...createSafetyActivities({ ...runtime, classify: pictures.classify, threads: runtime.threads }),
    ...createDuplicatesActivities({ ...runtime, nearPairs: streamNearPairs }),
    ...createJudgeCandidatesActivities(runtime),
    ...createJudgeSamplesActivities(runtime),
    ...createRowsActivities({ ...runtime, datasetKey: runtime.keyOf }),
  }
}

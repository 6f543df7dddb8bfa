import path from 'node:path'
import { mkdirSync } from 'node:fs'
import type { FilesDeps } from '../../activities/package/files.activity.ts'
import type { FinishDeps } from '../../activities/package/finish.activity.ts'
import { writeFileAtomically } from '../../infra/atomic-file.ts'
import { releaseFolder } from '../../infra/release-place.ts'
import { loadSigningKey, signNote } from '../../infra/signing.ts'
import { withoutPictures, withPictures, writeReleaseFile } from '../package-client.ts'
import type { Runtime } from '../runtime.ts'

export function fileDeps(runtime: Runtime): FilesDeps {
  return {
    db: runtime.db,
    store: runtime.store,
    worker: runtime.worker,
    writeFile: (request) => {
      mkdirSync(path.dirname(request.path), { recursive: true })
      return writeReleaseFile(request)
    },
    withPictures,
    withoutPictures,
    pathOf: (release, run, file) => path.join(releaseFolder(runtime.settings, release, run), file),
  }
}

export function finishDeps(runtime: Runtime): FinishDeps {
  const key = loadSigningKey(path.join(runtime.settings.home, 'keys', 'signing.key'), 'mella')
  return {
    db: runtime.db,
    store: runtime.store,
    worker: runtime.worker,
    tools: runtime.tools,
    signer: { name: key.name, vkey: key.vkey },
    sign: (text) => signNote(key, text),
    writeDocument: (release, run, file, content) => {
      const target = path.join(releaseFolder(runtime.settings, release, run), file)
      mkdirSync(path.dirname(target), { recursive: true })
      return writeFileAtomically(target, content)
    },
  }
}

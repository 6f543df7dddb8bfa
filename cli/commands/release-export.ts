import { cp, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { releaseFolder } from '../../infra/release-place.ts'
import { releaseFiles } from '../../schema/queries/release-files.ts'
import { finishedRun } from '../../schema/queries/releases.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { requireRelease } from '../jobs/find-release.ts'

export const releaseExportCommand: Command = {
  name: 'release export',
  summary: "write a release's files to a folder, which is made or must be empty",
  args: ['RELEASE', 'DIR'],
  options: {},
  json: true,
  example: './mella release export demo@1.0.0 ./demo-release',
  run: async (context) => {
    const [name = '', target = ''] = context.args
    await using session = await connect(context, 'auditor')
    const release = await requireRelease(session, name)
    const finished = await finishedRun(session.db, release.release_no)
    if (!finished)
      throw new PermanentError('NOT_DONE', `release ${release.id}: is ${release.state}, there are no files yet`, {
        mend: `./mella release show ${release.id}`,
      })
    const folder = path.resolve(context.cwd, target)
    await mkdir(folder, { recursive: true })
    if ((await readdir(folder)).length > 0)
      throw new PermanentError('NOT_EMPTY', `folder ${target}: is not empty`, { mend: 'name another folder' })
    const source = releaseFolder(session.settings, release.id, finished.run)
    const files = [
      ...(await releaseFiles(session.db, finished.run)).map((file) => file.path),
      'manifest.json',
      'manifest.sig',
    ]
    for (const [index, file] of files.entries()) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
      await cp(path.join(source, file), path.join(folder, file))
      context.progress.update('export', index + 1, files.length)
    }
    context.progress.end()
    if (context.json) context.out.json({ id: release.id, folder, files: files.length })
    else
      context.out.line(
        `release ${release.id}: ${files.length} files in ${folder}; check them with ./mella release verify ${target}`,
      )
    return EXIT.ok
  },
}

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { verifyRelease } from '../../activities/verify/verify-release.ts'
import { ReleaseFolder } from '../../infra/release-folder.ts'
import { releaseFolder } from '../../infra/release-place.ts'
import { verifyNote } from '../../infra/signing.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { finishedRun } from '../../schema/queries/releases.ts'
import type { Command, CommandContext } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { requireRelease } from '../jobs/find-release.ts'

export const releaseVerifyCommand: Command = {
  name: 'release verify',
  summary: 'check files, rows, Merkle root and signature of a release from its folder alone',
  args: ['DIR_OR_RELEASE'],
  options: {
    level: { type: 'string', value: 'v0', what: 'v0: files match manifest, Merkle root and signature' },
    key: {
      type: 'string',
      value: 'VKEY',
      what: 'the only verifier key that may have signed it, or a file that holds one',
    },
  },
  json: true,
  example: './mella release verify ./demo-release --key mella+1a2b3c4d+AbCd…',
  run: async (context) => {
    const level = context.options['level'] ?? 'v0'
    if (level !== 'v0')
      throw new PermanentError('BAD_USAGE', `level ${String(level)}: this version verifies v0`, {
        mend: './mella release verify --help',
      })
    const key = context.options['key']
    const vkey = typeof key === 'string' ? (existsSync(key) ? readFileSync(key, 'utf8').trim() : key) : undefined
    const folder = await folderOf(context, context.args[0] ?? '')
    const result = await verifyRelease(new ReleaseFolder(folder), {
      verifyNote,
      ...(vkey === undefined ? {} : { vkey }),
    })
    if (context.json) context.out.json({ folder, ...result })
    else {
      for (const check of result.checks)
        context.out.line(`${check.ok ? 'ok  ' : 'BAD '} ${check.name}: ${check.detail}`)
      for (const difference of result.differences) context.out.line(`difference: ${JSON.stringify(difference)}`)
      context.out.line(result.ok ? `${folder}: verified` : `${folder}: does NOT verify`)
    }
    return result.ok ? EXIT.ok : EXIT.differences
  },
}

async function folderOf(context: CommandContext, name: string): Promise<string> {
  const folder = path.resolve(context.cwd, name)
  if (existsSync(folder)) return folder
  await using session = await connect(context, 'auditor')
  const release = await requireRelease(session, name)
  const finished = await finishedRun(session.db, release.release_no)
  if (!finished)
    throw new PermanentError('NOT_DONE', `release ${release.id}: is ${release.state}, there is nothing to verify yet`, {
      mend: `./mella release show ${release.id}`,
    })
  return releaseFolder(session.settings, release.id, finished.run)
}

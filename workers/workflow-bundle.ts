import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { bundleWorkflowCode } from '@temporalio/worker'
import { AtomicFile } from '../infra/atomic-file.ts'

/**
 * The bundle of all workflows, made once for each state of their sources and kept in `folder`: bundling takes seconds
 * of a processor, which a worker that comes back after a crash should not spend. Safe to run at the same time.
 */
export async function workflowBundle(checkout: string, folder: string): Promise<{ codePath: string }> {
  const file = path.join(folder, bundleName(checkout))
  if (!existsSync(file)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: path.join(checkout, 'workflows', 'index.ts'),
      logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    })
    using made = new AtomicFile(file)
    made.write(Buffer.from(code, 'utf8'))
    made.commit()
  }
  return { codePath: file }
}

/** Named for all that can be in it: workflows, the contracts they import, and the packages by the lock file. */
export function bundleName(checkout: string): string {
  const hash = createHash('sha256')
  const files = globSync(['workflows/**/*.ts', 'schema/contracts/**/*.ts', 'package-lock.json'], { cwd: checkout })
  for (const file of files.sort()) {
    hash.update(`${file}\0`)
    hash.update(readFileSync(path.join(checkout, file)))
    hash.update('\0')
  }
  return `workflows-${hash.digest('hex').slice(0, 16)}.js`
}

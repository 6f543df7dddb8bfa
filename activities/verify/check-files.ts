import type { ReleaseManifest } from '../../schema/contracts/release-manifest.ts'
import type { FolderReader } from './folder.ts'
import type { Report } from './findings.ts'

/** Not in the manifest's list, because they are made from it. */
const OUTSIDE_LIST = ['manifest.json', 'manifest.sig']

/** Every file of the manifest is there with its size and SHA-256, and there is no other. */
export async function checkFiles(folder: FolderReader, manifest: ReleaseManifest, report: Report): Promise<string> {
  const present = new Map((await folder.list()).map((entry) => [entry.path, entry]))
  const listed = new Set<string>(OUTSIDE_LIST)
  let total = 0
  for (const { path, sha256, bytes } of manifest.files) {
    if (listed.has(path)) report(path, 'is listed twice')
    listed.add(path)
    if (!present.get(path)?.regular) {
      report(path, 'is missing')
      continue
    }
    const found = await folder.digest(path)
    if (found.bytes !== bytes) report(path, `has ${found.bytes} bytes, the manifest says ${bytes}`)
    if (found.sha256 !== sha256) report(path, `has sha256 ${found.sha256}, the manifest says ${sha256}`)
    total += found.bytes
  }
  for (const path of present.keys()) if (!listed.has(path)) report(path, 'is not in the manifest')
  return `${manifest.files.length} files, ${total} bytes`
}

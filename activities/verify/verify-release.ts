import type { NoteVerdict } from '../../infra/signing.ts'
import type { ReleaseManifest } from '../../schema/contracts/release-manifest.ts'
import type { VerifyResult } from '../../schema/contracts/verify-result.ts'
import { Counts } from '../package/counts.ts'
import { canonicalJson } from '../digest.ts'
import { checkCard, checkCroissant, checkSpec, checkStatistics } from './check-documents.ts'
import { checkFiles } from './check-files.ts'
import { checkRows, dataFiles, type DataFile } from './check-rows.ts'
import { checkSignature } from './check-signature.ts'
import { checkTree, leavesInOrder } from './check-tree.ts'
import { Findings, type Report } from './findings.ts'
import { LineageFollower, RemovalsFollower } from './follow-keys.ts'
import { MAX_MANIFEST_BYTES, readText, type FolderReader } from './folder.ts'
import { parseManifest } from './read-manifest.ts'

export interface VerifyOptions {
  /** Verifier key that must have signed; without it the signer is whoever the manifest names. */
  vkey?: string | undefined
  /** Form and signatures of notes. */
  verifyNote: (note: string, vkey: string) => NoteVerdict
}

/**
 * Level v0: from the folder alone, that its files, rows, root and texts are those that were signed. Reads every byte,
 * with memory bounded by row groups and the number of files. Never throws for what is wrong with the release; throws
 * for a folder that is not there, a `vkey` that is not one (VKEY_BAD) and faults of the disk.
 */
export async function verifyRelease(folder: FolderReader, { vkey, verifyNote }: VerifyOptions): Promise<VerifyResult> {
  await folder.list()
  if (vkey !== undefined) verifyNote('', vkey) // a mistyped key is the caller's fault, not a difference
  const findings = new Findings()
  let manifest: ReleaseManifest | undefined
  let json = ''
  await findings.check('manifest', async () => {
    json = await readText(folder, 'manifest.json', MAX_MANIFEST_BYTES)
    manifest = parseManifest(json)
    return `${manifest.dataset}@${manifest.version}, ${manifest.date}`
  })
  if (!manifest) return findings.result()
  const known = manifest
  await findings.check('signature', async (report) => {
    const note = await readText(folder, 'manifest.sig')
    return checkSignature({ manifest: known, json, note }, vkey, verifyNote, report)
  })
  await findings.check('files', (report) => checkFiles(folder, known, report))
  await checkContent(folder, known, findings)
  return findings.result()
}

async function checkContent(folder: FolderReader, manifest: ReleaseManifest, findings: Findings): Promise<void> {
  let images: 'bytes' | 'links' = 'bytes'
  await findings.check('spec', async (report) => {
    const spec = await checkSpec(folder, manifest, report)
    if ((spec['package'] as { images?: unknown } | undefined)?.images === 'links') images = 'links'
    return `digest ${manifest.spec.sha256}`
  })
  const counts = new Counts()
  let files: DataFile[] = []
  await findings.check('rows', async (report) => {
    files = dataFiles(manifest.files, report)
    return checkRows(folder, files, { scoreNames: manifest.scores, images }, counts, report)
  })
  await checkLists(folder, manifest, files, findings)
  await findings.check('counts', (report) => {
    if (canonicalJson(counts.all()) !== canonicalJson(manifest.counts))
      report('manifest.json', `counts are not those of the data, ${canonicalJson(counts.all())}`)
    return Object.entries(counts.all())
      .map(([lang, { rows }]) => `${lang} ${rows}`)
      .join(', ')
  })
  await findings.check('card', (report) => checkCard(folder, counts.all(), manifest.tree.root, report))
  await findings.check('croissant', (report) => checkCroissant(folder, manifest, report))
  await findings.check('statistics', (report) => checkStatistics(folder, report))
}

/** One pass over all keys in order: the tree, and the lists that go along with the data. */
async function checkLists(
  folder: FolderReader,
  manifest: ReleaseManifest,
  files: DataFile[],
  findings: Findings,
): Promise<void> {
  const later: Record<'lineage' | 'removals', [string | null, string][]> = { lineage: [], removals: [] }
  const keep =
    (name: 'lineage' | 'removals'): Report =>
    (path, message) =>
      later[name].push([path, message])
  const lineage = new LineageFollower(folder, manifest.files, keep('lineage'))
  const removals = new RemovalsFollower(folder, keep('removals'))
  await findings.check('tree', (report) => {
    const onKey = async ({ lang, key }: { lang: string; key: string }) => {
      await lineage.see(lang, key)
      await removals.see(key)
    }
    return checkTree(leavesInOrder(folder, files, manifest.scores), manifest.tree, onKey, report)
  })
  const finish = (name: 'lineage' | 'removals', end: () => Promise<string>) =>
    findings.check(name, async (report) => {
      const detail = await end()
      for (const [path, message] of later[name]) report(path, message)
      return detail
    })
  await finish('lineage', () => lineage.finish())
  await finish('removals', () => removals.finish(manifest.removals))
}

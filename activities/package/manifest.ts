import { createHash } from 'node:crypto'
import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { MerkleHead, ReleaseManifest } from '../../schema/contracts/release-manifest.ts'
import type { ReleaseFile } from '../../schema/contracts/release-row.ts'
import { byPath } from './release-plan.ts'
import { specDigest } from './spec-file.ts'
import { stableJson } from './stable-text.ts'

export interface Signer {
  name: string
  vkey: string
}

/** `manifest.json` over all other files of the release but the signature. */
export function manifestOf(facts: ReleaseFacts, files: readonly ReleaseFile[], signer: Signer): ReleaseManifest {
  const { spec } = facts
  return {
    format: 'mella-release/1',
    dataset: spec.dataset,
    version: spec.version,
    date: spec.date,
    base: spec.base,
    claims: { verify: ['v0'] },
    tree: facts.tree,
    spec: { sha256: specDigest(spec) },
    dataset_key: facts.datasetKey,
    inputs: facts.inputs,
    steps: facts.steps,
    tools: facts.tools,
    counts: facts.counts,
    scores: [...facts.scoreNames].sort(),
    removals: facts.removals,
    files: byPath(files),
    signer: { name: signer.name, vkey: signer.vkey },
  }
}

export function manifestJson(manifest: ReleaseManifest): string {
  return stableJson(manifest)
}

/**
 * Text that is signed: a checkpoint (C2SP tlog-checkpoint: origin, size, root in base64) with one extension line, the
 * SHA-256 of `manifest.json`.
 */
export function checkpointText(origin: string, tree: MerkleHead, manifest: string | Uint8Array): string {
  const digest = createHash('sha256').update(manifest).digest('hex')
  return `${origin}\n${tree.size}\n${Buffer.from(tree.root, 'hex').toString('base64')}\nsha256:${digest}\n`
}

/** Origin of a release's checkpoint. */
export function originOf({ dataset, version }: { dataset: string; version: string }): string {
  return `${dataset}@${version}`
}

import { InvariantError, PermanentError } from '../../schema/contracts/errors.ts'
import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { ReleaseFile } from '../../schema/contracts/release-row.ts'
import { card } from './card.ts'
import { sortCounts } from './counts.ts'
import { croissantJson } from './croissant.ts'
import { funnelJson, funnelSvg } from './funnel.ts'
import { checkpointText, manifestJson, manifestOf, originOf, type Signer } from './manifest.ts'
import { specYaml } from './spec-file.ts'
import { validateCroissant } from './validate-croissant.ts'

export interface Document {
  /** Relative path with forward slashes. */
  path: string
  content: string
}

/**
 * The text files of a release: card, Croissant file, spec and statistics, from its facts and its data files.
 * PermanentError RELEASE_EMPTY when there is no row; InvariantError: FUNNEL_UNBALANCED, CROISSANT_INVALID.
 */
export function releaseDocuments(facts: ReleaseFacts, files: readonly ReleaseFile[]): Document[] {
  if (facts.tree.size === 0) {
    throw new PermanentError(
      'RELEASE_EMPTY',
      'release has no sample: every one was dropped; the funnel says where and why',
    )
  }
  const croissant = croissantJson(facts, files)
  const problems = validateCroissant(JSON.parse(croissant))
  if (problems.length > 0)
    throw new InvariantError('CROISSANT_INVALID', `croissant.json breaks its form: ${problems.join('; ')}`, {
      problems,
    })
  return [
    { path: 'README.md', content: card(facts, files) },
    { path: 'croissant.json', content: croissant },
    { path: 'spec.yaml', content: specYaml(facts.spec) },
    { path: 'stats/funnel.json', content: funnelJson(facts.funnel) },
    ...plots(facts),
  ]
}

function plots({ funnel }: ReleaseFacts): Document[] {
  const tags = [...new Set(funnel.map(({ lang }) => lang))].filter((tag) => tag !== '*').sort()
  return tags.map((tag) => ({
    path: `stats/funnel-${tag}.svg`,
    content: funnelSvg(
      tag,
      funnel.filter(({ lang }) => lang === tag),
    ),
  }))
}

export interface FinishDeps {
  /** Writes a file of the release, whole or not at all. */
  writeFile(path: string, content: string): { sha256: string; bytes: number }
  /** Signed note over the text. */
  sign(text: string): string
}

/**
 * The last step of packaging: documents, then manifest, then signature over both root and manifest, so that a folder
 * with a signature is complete. May run twice: the same facts write the same bytes. Gives all files but manifest and
 * signature.
 */
export function finishRelease(
  given: ReleaseFacts,
  files: readonly ReleaseFile[],
  signer: Signer,
  deps: FinishDeps,
): ReleaseFile[] {
  const facts = { ...given, counts: sortCounts(given.counts) }
  const documents = releaseDocuments(facts, files).map(({ path, content }) => ({
    path,
    ...deps.writeFile(path, content),
    rows: null,
  }))
  const all = [...files, ...documents]
  const manifest = manifestOf(facts, all, signer)
  const json = manifestJson(manifest)
  deps.writeFile('manifest.json', json)
  deps.writeFile('manifest.sig', deps.sign(checkpointText(originOf(manifest), manifest.tree, json)))
  return manifest.files
}

import type { FinishDeps as DocumentDeps } from './release-documents.ts'
import type { ReleaseFacts } from '../../schema/contracts/release-facts.ts'
import type { ReleaseStep, ReleaseTool } from '../../schema/contracts/release-manifest.ts'
import type { RunInput } from '../../schema/contracts/release-work.ts'
import { readFunnel } from '../../schema/queries/funnel.ts'
import { endRun } from '../../schema/queries/release-end.ts'
import { insertReleaseFile, releaseFiles } from '../../schema/queries/release-files.ts'
import { PIPELINE } from '../pipeline.ts'
import { type RunContext, runStep, type StepDeps } from '../steps/shard-edge.ts'
import { sha256 } from '../digest.ts'
import { type ToolVersions } from '../steps/step.ts'
import { SCORE_NAMES } from './build-row.ts'
import { readPlan } from './files.activity.ts'
import { finishRelease as writeDocuments } from './release-documents.ts'

export interface FinishDeps extends StepDeps {
  tools: ToolVersions
  signer: { name: string; vkey: string }
  sign: (text: string) => string
  /** Writes a small file of a run's release folder, whole or not at all. */
  writeDocument(release: string, run: string, path: string, content: string): { sha256: string; bytes: number }
}

export type FinishActivities = ReturnType<typeof createFinishActivities>

export function createFinishActivities(deps: FinishDeps) {
  /** Card, Croissant, statistics, manifest, signature; then the release stands. Safe to run twice: the same facts give the same bytes. */
  const finishRelease = (input: RunInput): Promise<{ root: string; size: number }> =>
    runStep(deps, input, 'package-finish', async (context) => {
      const { run, release } = context
      const facts = await readFacts(deps, context)
      const files = await releaseFiles(deps.db, run.run)
      const data = files.filter((file) => file.rows !== null)
      const documents: Record<string, string> = {}
      const write: DocumentDeps = {
        writeFile: (path, content) => {
          documents[path] = content
          return deps.writeDocument(release.id, run.run, path, content)
        },
        sign: deps.sign,
      }
      const all = writeDocuments(facts, data, deps.signer, write)
      for (const file of all) await insertReleaseFile(deps.db, run.run, file)
      await endRun(deps.db, {
        run: run.run,
        again: run.again,
        release,
        root: Buffer.from(facts.tree.root, 'hex'),
        size: facts.tree.size,
        manifestSha: sha256(documents['manifest.json'] ?? ''),
      })
      return { root: facts.tree.root, size: facts.tree.size }
    })
  return { finishRelease }
}

async function readFacts(deps: FinishDeps, context: RunContext): Promise<ReleaseFacts> {
  const { release, run } = context
  const { plan, spec } = release
  const planned = await readPlan(deps, run.run)
  const bodies = await deps.db
    .selectFrom('definition')
    .select(['step', 'body'])
    .where(
      'def_id',
      'in',
      Object.values(plan.definitions).map((one) => one.def_id),
    )
    .execute()
  const bodyOf = new Map(bodies.map((row) => [row.step, row.body as Record<string, unknown>]))
  const steps: ReleaseStep[] = PIPELINE.map((step) => ({
    step: step.name,
    kind: step.kind,
    rev: step.rev,
    sha256: plan.definitions[step.name]?.sha ?? '',
    summary: step.summary,
    definition: bodyOf.get(step.name) ?? {},
  }))
  return {
    spec,
    datasetKey: plan.dataset_key,
    tree: planned.tree,
    counts: planned.counts,
    scoreNames: SCORE_NAMES,
    inputs: [
      ...plan.crawls.map((crawl) => ({ kind: 'crawl' as const, name: crawl.id, sha256: crawl.digest })),
      ...(plan.abuse_lists === null
        ? []
        : [{ kind: 'abuse_list' as const, name: 'known-abuse', sha256: plan.abuse_lists }]),
    ],
    steps,
    tools: toolsOf(deps.tools),
    funnel: await readFunnel(deps.db, run.run, {
      extract: context.defId('extract'),
      normalise: context.defId('normalise'),
    }),
    removals: 0,
  }
}

function toolsOf(tools: ToolVersions): ReleaseTool[] {
  const list = (kind: ReleaseTool['kind'], versions: Record<string, string>) =>
    Object.entries(versions).map(([name, version]) => ({ kind, name, version, sha256: null }))
  return [
    ...list('runtime', { node: tools.node, icu: tools.icu, unicode: tools.unicode, html: tools.html }),
    ...list('detector', { ...tools.detectors, ...tools.classifier }),
    ...list('encoder', { ...tools.images, ...tools.parquet }),
    ...Object.entries(tools.prompts).map(([name, sha]) => ({
      kind: 'prompt' as const,
      name,
      version: name.split('@')[1] ?? '',
      sha256: sha,
    })),
  ]
}

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Queues } from '../../schema/contracts/release-work.ts'
import { CAPTION_SCHEMA } from '../generate/caption.ts'
import { loadPrompts } from '../generate/prompts.ts'
import { THICK_SCHEMA } from '../generate/thick.ts'
import { TRANSLATE_SCHEMA } from '../generate/translate.ts'
import type { HashList } from '../known-abuse/hash-list.ts'
import { PIPELINE, revisions } from '../pipeline.ts'
import { digestJson, sha256 } from '../digest.ts'
import { defineStep, type Step, type ToolVersions } from './step.ts'

/** Every tool that can change an output byte; the adapters say of themselves what they are, without loading a model. */
export function gatherTools(
  adapters: { images: object; classifier: object },
  lists: readonly HashList[],
): ToolVersions {
  return {
    node: process.versions.node,
    icu: process.versions['icu'] ?? '',
    unicode: process.versions['unicode'] ?? '',
    html: `parse5 ${installedVersion('parse5')}`,
    detectors: { eld: `large ${installedVersion('eld/large', 'eld')}`, 'cld3-asm': installedVersion('cld3-asm') },
    images: flat(adapters.images),
    classifier: flat(adapters.classifier),
    parquet: { 'hyparquet-writer': installedVersion('hyparquet-writer') },
    abuseLists:
      lists.length === 0
        ? null
        : sha256(
            lists
              .map((list) => list.digest)
              .sort()
              .join('\n'),
          ).toString('hex'),
    prompts: {
      ...loadPrompts().digests,
      'caption/schema': CAPTION_SCHEMA.sha256,
      'translate/schema': TRANSLATE_SCHEMA.sha256,
      'thick/schema': THICK_SCHEMA.sha256,
    },
  }
}

/** Packages need not export their package.json: it is read beside the entry that is really loaded. */
function installedVersion(entry: string, name = entry): string {
  const file = fileURLToPath(import.meta.resolve(entry))
  const folder = `node_modules/${name}/`
  const manifest = `${file.slice(0, file.lastIndexOf(folder) + folder.length)}package.json`
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

function flat(value: unknown, prefix = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null) return { [prefix || 'version']: String(value) }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => Object.entries(flat(inner, prefix ? `${prefix}.${key}` : key))),
  )
}

/** Task queue of everything that does not depend on a step's code. */
export const ORCHESTRATOR_QUEUE = 'mella-orchestrator'

/** Queues named for the code behind them: a worker of other revisions or tools leaves pinned work where it is. */
export function queuesFor(tools: ToolVersions): Queues {
  const all = digestJson({ revisions: revisions(), tools: { ...tools, abuseLists: null } })
    .toString('hex')
    .slice(0, 8)
  const read = digestJson(crawlDefinitions(tools)).toString('hex').slice(0, 8)
  return { io: `mella-io-${read}`, cpu: `mella-cpu-${all}`, model: `mella-model-${all}` }
}

/** Definition of the fact that a crawl keeps of each page; no spec enters it. */
export function crawlDefinitions(tools: ToolVersions) {
  const of = (name: string) => defineStep(PIPELINE.find((step) => step.name === name) as Step, {} as never, tools)
  return { extract: of('extract') }
}

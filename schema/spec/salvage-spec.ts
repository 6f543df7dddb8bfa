import type { SpecFault, SpecPath } from './spec-fault.ts'
import { faultsOfShape } from './spec-issues.ts'
import type { WrittenSpec } from './spec.schema.ts'

/** Every round removes something of a finite tree; a spec with more nested faults than this is told of the first ones only. */
const MAX_ROUNDS = 50

/** What stands in for a required key that is wrong, so that the rest can be looked at. */
const PLACEHOLDERS: Readonly<Record<string, unknown>> = {
  dataset: 'unnamed',
  version: '0',
  date: '2000-01-01',
  languages: ['en'],
  'crawl.seeds': {},
}

/**
 * What is left of a spec when everything of a wrong shape is taken out, so that all its other faults are told in the
 * same go. `written` is not changed. Null when nothing usable is left.
 */
export function salvageSpec(written: unknown): WrittenSpec | null {
  const known: unknown = structuredClone(written)
  if (!isContainer(known)) return null
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const faults = faultsOfShape(known)
    if (faults.length === 0) return known as unknown as WrittenSpec
    // From the end, so that the indexes of list items before it stay true.
    for (const { path } of faults.toReversed()) takeOut(known, path)
  }
  return null
}

function takeOut(root: Record<string | number, unknown>, path: SpecPath): void {
  const placeholder = PLACEHOLDERS[path.join('.')]
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((value, part) => (isContainer(value) ? value[part] : undefined), root)
  const key = path.at(-1)
  if (key === undefined || !isContainer(parent)) return
  if (placeholder !== undefined) parent[key] = placeholder
  else if (!Object.hasOwn(parent, key)) takeOut(root, path.slice(0, -1))
  else if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}

/** Whether a fault may only follow from something that was taken out: it stands above, below or at another fault. */
export function isShadowed(fault: SpecFault, taken: readonly SpecFault[]): boolean {
  return taken.some(({ path }) => startsWith(path, fault.path) || startsWith(fault.path, path))
}

function startsWith(path: SpecPath, start: SpecPath): boolean {
  return start.every((part, index) => path[index] === part)
}

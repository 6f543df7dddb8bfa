import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml'
import { PermanentError } from '../schema/contracts/errors.ts'
import type { ReleaseSpec } from '../schema/contracts/spec.ts'
import { readSeedUrl, resolveSpec, type SeedArchiveReader, type SeedFileReader } from '../schema/spec/resolve-spec.ts'
import { formatPath, type SpecFault, type SpecPath } from '../schema/spec/spec-fault.ts'
import { isShadowed, salvageSpec } from '../schema/spec/salvage-spec.ts'
import { faultsOfShape } from '../schema/spec/spec-issues.ts'
import { contradictions } from '../schema/spec/spec-rules.ts'
import { nearestName } from './nearest-name.ts'

/** A spec is written by hand; a seed list may be long. */
const MAX_SPEC_BYTES = 4 * 1024 * 1024
const MAX_SEED_FILE_BYTES = 256 * 1024 * 1024
const HASH_CHUNK_BYTES = 1024 * 1024

/** One thing that is wrong, with its place; `line` and `column` count from 1. */
export interface PlacedFault {
  file: string
  line: number
  column: number
  path: string
  message: string
  nearest: string | null
}

/**
 * Reads, checks and resolves a spec file. Throws PermanentError: SPEC_NOT_FOUND, or BAD_SPEC that lists all faults at
 * once (details.faults as PlacedFault[], details.lines as text).
 */
export function readSpecFile(file: string): ReleaseSpec {
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new PermanentError('SPEC_NOT_FOUND', `spec ${file}: there is no such file`, {
      mend: `./mella spec init --out ${file}`,
    })
  }
  if (statSync(file).size > MAX_SPEC_BYTES) {
    throw badSpec(file, [
      { file, line: 1, column: 1, path: '', message: `is over ${MAX_SPEC_BYTES} bytes`, nearest: null },
    ])
  }
  return parseSpec(readFileSync(file, 'utf8'), file)
}

/** The same for text at hand; `file` is shown in faults, and seed files are looked for beside it. */
export function parseSpec(text: string, file: string): ReleaseSpec {
  const places = new LineCounter()
  const document = parseDocument(text, { lineCounter: places, prettyErrors: false, uniqueKeys: true, strict: true })
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = places.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ message, pos }) => ({
      file,
      ...place(pos[0]),
      path: '',
      message,
      nearest: null,
    }))
    throw badSpec(file, faults)
  }
  const { spec, faults } = check(toPlainValue(document, file), dirname(resolve(file)))
  if (faults.length === 0 && spec !== null) return spec
  const placed = faults.map((fault) => placeFault(fault, file, place(offsetOf(document, fault.path, fault.at))))
  throw badSpec(
    file,
    placed.toSorted((a, b) => a.line - b.line || a.column - b.column),
  )
}

function toPlainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (error) {
    // A bomb of aliases, or an alias to nothing.
    const message = error instanceof Error ? error.message : String(error)
    throw badSpec(file, [{ file, line: 1, column: 1, path: '', message, nearest: null }])
  }
}

/** Faults of shape, of values and of rules, in one go: the last two over what is left when the first are taken out. */
function check(written: unknown, folder: string): { spec: ReleaseSpec | null; faults: SpecFault[] } {
  const ofShape = [...faultsOfText(written, []), ...faultsOfShape(written)]
  const known = salvageSpec(written)
  if (known === null) return { spec: null, faults: ofShape }
  const { spec, faults: ofValues } = resolveSpec(known, {
    list: seedFileReader(folder),
    archive: archiveReader(folder),
  })
  const areLanguagesKnown = ![...ofShape, ...ofValues].some(({ path }) => path[0] === 'languages')
  const ofRules = contradictions(spec, areLanguagesKnown).filter(
    (fault) => !isShadowed(fault, [...ofShape, ...ofValues]),
  )
  return { spec, faults: [...ofShape, ...ofValues, ...ofRules] }
}

/** Strings end up in Postgres and Parquet: well-formed, without NUL. */
function faultsOfText(value: unknown, path: SpecPath): SpecFault[] {
  if (typeof value === 'string') {
    return value.isWellFormed() && !value.includes('\0')
      ? []
      : [{ path, at: 'value', fact: 'holds NUL or half a character' }]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    faultsOfText(item, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

/** A seed file has one URL a line; blank lines and lines that start with # do not count. */
function seedFileReader(folder: string): SeedFileReader {
  return (path, file) => {
    const place = resolve(folder, file)
    const fault = (fact: string): SpecFault => ({ path, at: 'value', fact })
    if (!existsSync(place) || !statSync(place).isFile())
      return { urls: [], faults: [fault(`names ${place}, which is not there`)] }
    if (statSync(place).size > MAX_SEED_FILE_BYTES)
      return { urls: [], faults: [fault(`names a file over ${MAX_SEED_FILE_BYTES} bytes`)] }
    const urls: string[] = []
    const faults: SpecFault[] = []
    for (const [index, line] of readFileSync(place, 'utf8').split('\n').entries()) {
      const text = line.trim()
      if (text === '' || text.startsWith('#')) continue
      const seed = readSeedUrl(text)
      urls.push(seed.url)
      if (seed.fact !== null) faults.push(fault(`names ${file}, where line ${index + 1} ${seed.fact}`))
    }
    return { urls, faults: urls.length === 0 ? [fault(`names ${file}, which holds no URL`)] : faults }
  }
}

/** An archive is known by its digest, which is read off the file: some 1.5 GB a second. */
function archiveReader(folder: string): SeedArchiveReader {
  return (file) => {
    const place = resolve(folder, file)
    if (!existsSync(place) || !statSync(place).isFile()) return { fact: `names ${place}, which is not there` }
    try {
      return { file: place, sha256: sha256OfFile(place) }
    } catch (error) {
      return { fact: `names ${place}, which can't be read: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
}

function sha256OfFile(file: string): string {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(HASH_CHUNK_BYTES)
  const handle = openSync(file, 'r')
  try {
    for (;;) {
      const read = readSync(handle, chunk)
      if (read === 0) return hash.digest('hex')
      hash.update(chunk.subarray(0, read))
    }
  } finally {
    closeSync(handle)
  }
}

function placeFault(fault: SpecFault, file: string, place: { line: number; column: number }): PlacedFault {
  const nearest = fault.valid === undefined ? null : nearestName(fault.valid.given, fault.valid.names)
  return { file, ...place, path: formatPath(fault.path), message: fault.fact, nearest }
}

/** Offset of the deepest part of the path that the file has: of its key for a wrong key, else of its value. */
function offsetOf(document: Document, path: SpecPath, at: SpecFault['at']): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const [index, part] of path.entries()) {
    const pair = isMap(node) ? node.items.find((item) => keyOf(item) === String(part)) : undefined
    const child: unknown = pair === undefined ? (isSeq(node) ? node.items[Number(part)] : undefined) : pair.value
    if (pair === undefined && child === undefined) return offset
    const keyOffset = pair === undefined ? null : startOf(pair.key)
    const isKeyMeant = index === path.length - 1 && at === 'key'
    offset = (isKeyMeant ? keyOffset : startOf(child)) ?? keyOffset ?? offset
    node = child
  }
  return offset
}

function keyOf(pair: Pair): string | null {
  return isPair(pair) && isNode(pair.key) && 'value' in pair.key ? String(pair.key.value) : null
}

function startOf(value: unknown): number | null {
  return isNode(value) ? ((value as Node).range?.[0] ?? null) : null
}

function badSpec(file: string, faults: PlacedFault[]): PermanentError {
  const count = faults.length === 1 ? 'one thing is' : `${faults.length} things are`
  return new PermanentError('BAD_SPEC', `spec ${file}: ${count} wrong`, {
    faults,
    lines: faults.map(formatFault),
    mend: `mend the lines above, then ./mella spec check ${file}`,
  })
}

function formatFault({ file, line, column, path, message, nearest }: PlacedFault): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path} `}${message}${nearest === null ? '' : `, did you mean ${nearest}?`}`
}

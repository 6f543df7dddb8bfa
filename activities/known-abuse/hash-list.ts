import { createHash } from 'node:crypto'
import { PermanentError } from '../../schema/contracts/errors.ts'

/** Kinds of hash in the order in which they are asked: exact ones first, the strongest before the others. */
const HASH_KINDS = ['sha256', 'sha1', 'md5', 'pdq'] as const
export type HashKind = (typeof HASH_KINDS)[number]

/** One list of hashes of known abuse material. */
export interface HashList {
  /** SHA-256 of its content without order, comments and repeats: what enters the identity of a release. */
  digest: string
  /** Lowercase hex, sorted, without repeats. */
  hashes: Record<HashKind, string[]>
}

const KINDS_BY_LENGTH: Record<number, HashKind[]> = { 32: ['md5'], 40: ['sha1'], 64: ['sha256', 'pdq'] }
/** A file with a thousand wrong lines is one mistake; a few of them show it. */
const MAX_SHOWN_LINES = 5

/**
 * Reads a list: one hash a line in hex, `#` begins a comment. The length tells MD5, SHA-1 and SHA-256; PDQ has the
 * length of SHA-256 and is told by a comment line `# type: pdq`, or else by `pdq` in the file's name. A declared
 * type allows no other. Throws `ABUSE_LIST_BAD_LINE` (permanent) with the numbers of the lines that are no hash.
 */
export function parseHashList(text: string, fileName: string): HashList {
  const found: Record<HashKind, Set<string>> = { sha256: new Set(), sha1: new Set(), md5: new Set(), pdq: new Set() }
  const bad: number[] = []
  let declared: HashKind | null = null
  let number = 0
  for (const line of linesOf(text)) {
    number++
    const { content, comment } = splitLine(line)
    const type = typeIn(comment)
    if (type !== null) declared = type
    if (content === '') continue
    const kind = kindOf(content, declared, fileName)
    if (kind === null) bad.push(number)
    else found[kind].add(content)
  }
  if (bad.length > 0) throw badLines(fileName, bad)
  const sorted = (kind: HashKind) => [...found[kind]].sort()
  const hashes = { sha256: sorted('sha256'), sha1: sorted('sha1'), md5: sorted('md5'), pdq: sorted('pdq') }
  return { digest: listDigest(hashes), hashes }
}

/** SHA-256 over the lines `kind hash`, kinds and hashes sorted. */
function listDigest(hashes: HashList['hashes']): string {
  const digest = createHash('sha256')
  for (const kind of HASH_KINDS.toSorted()) {
    for (const hash of hashes[kind]) digest.update(`${kind} ${hash}\n`)
  }
  return digest.digest('hex')
}

function* linesOf(text: string): Generator<string> {
  let from = text.startsWith('\ufeff') ? 1 : 0
  while (from < text.length) {
    const end = text.indexOf('\n', from)
    yield text.slice(from, end < 0 ? text.length : end)
    if (end < 0) return
    from = end + 1
  }
}

function splitLine(line: string): { content: string; comment: string } {
  const hash = line.indexOf('#')
  const content = hash < 0 ? line : line.slice(0, hash)
  return { content: content.trim().toLowerCase(), comment: hash < 0 ? '' : line.slice(hash + 1).trim() }
}

function typeIn(comment: string): HashKind | null {
  const [key, value, ...rest] = comment.toLowerCase().split(':', 3)
  if (key?.trim() !== 'type' || rest.length > 0) return null
  return HASH_KINDS.find((kind) => kind === value?.trim()) ?? null
}

function kindOf(content: string, declared: HashKind | null, fileName: string): HashKind | null {
  const kinds = /^[0-9a-f]+$/.test(content) ? (KINDS_BY_LENGTH[content.length] ?? []) : []
  if (declared !== null) return kinds.includes(declared) ? declared : null
  const isPdqFile = fileName
    .slice(fileName.lastIndexOf('/') + 1)
    .toLowerCase()
    .includes('pdq')
  return (isPdqFile ? kinds.at(-1) : kinds[0]) ?? null
}

function badLines(fileName: string, lines: number[]): PermanentError {
  const shown = lines.slice(0, MAX_SHOWN_LINES).join(', ')
  const more = lines.length > MAX_SHOWN_LINES ? ` and ${lines.length - MAX_SHOWN_LINES} more` : ''
  const message = `${fileName}: no hash of the list's type on line ${shown}${more}; expected hex of md5, sha-1, sha-256 or pdq`
  return new PermanentError('ABUSE_LIST_BAD_LINE', message, { file: fileName, lines: lines.slice(0, MAX_SHOWN_LINES) })
}

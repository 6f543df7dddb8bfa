/** What verification needs of a release folder; paths are relative, with forward slashes. */
export interface FolderReader {
  /** Everything in it but folders, sorted by path. */
  list(): Promise<{ path: string; bytes: number; regular: boolean }[]>
  /** A small file whole; throws when it is missing or larger than `maxBytes`. */
  read(path: string, maxBytes: number): Promise<Buffer>
  digest(path: string): Promise<{ sha256: string; bytes: number }>
  open(path: string): Promise<OpenFile>
}

export interface OpenFile extends AsyncDisposable {
  byteLength: number
  slice(start: number, end?: number): Promise<ArrayBuffer>
}

/** Text files of a release: a card or a specification is never near this. */
export const MAX_TEXT_BYTES = 16 * 1024 * 1024
/** A manifest has some 200 bytes for each file. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export async function readText(folder: FolderReader, path: string, maxBytes = MAX_TEXT_BYTES): Promise<string> {
  return UTF8.decode(await folder.read(path, maxBytes))
}

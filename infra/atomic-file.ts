import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** Writes a file so that a reader sees the old content or the whole new one, also after a power cut: temp file, fsync, rename. */
export function writeFileAtomically(path: string, content: string, mode: number): void {
  const temp = `${path}.${process.pid}.new`
  rmSync(temp, { force: true })
  const file = openSync(temp, 'wx', mode)
  try {
    writeSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temp, path)
}

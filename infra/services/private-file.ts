import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Writes a file of mode 0600 so that a reader sees the old content or the whole new one, also after a power cut: temp file, fsync, rename. */
export function writePrivateFile(path: string, content: string): void {
  const temp = `${path}.${process.pid}.new`
  rmSync(temp, { force: true })
  const file = openSync(temp, 'wx', 0o600)
  try {
    writeFileSync(file, content)
    fsyncSync(file)
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  renameSync(temp, path)
}

import { enableCompileCache, getCompileCacheDir } from 'node:module'
import path from 'node:path'

enableCompileCache()
const cache = getCompileCacheDir()
// Workers and their threads take it from here; the folder is named without that of the version.
if (cache !== undefined) process.env['NODE_COMPILE_CACHE'] ??= path.dirname(cache)
// A reader that had enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const { runCommandLine } = await import('./run.ts')
process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
})

/** `npm run bench -- NAME [OPTION...]`: runs bench/NAME.ts; without a name, lists them. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => path.basename(file, '.ts'))
  .sort()
const [name, ...args] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  console.error(`npm run bench -- ${names.join('|')} [--help]`)
  process.exitCode = name === undefined ? 0 : 2
} else {
  const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, `${name}.ts`), ...args], {
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}

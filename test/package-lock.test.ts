import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Entry {
  version: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

const ROOT = join(import.meta.dirname, '..')
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Entry>
}

/** Whether a package that stands at `path` in the tree finds `name`, as Node looks for it. */
function isLocked(path: string, name: string): boolean {
  for (let base = path; ; base = base.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in packages) return true
    if (base === '') return false
  }
}

test('the lock names every package of every platform, else npm ci refuses it', () => {
  const missing = Object.entries(packages).flatMap(
    ([path, { dependencies = {}, optionalDependencies = {}, devDependencies = {} }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies, ...(path === '' ? devDependencies : {}) })
        .filter((name) => !isLocked(path, name))
        .map((name) => `${name} of ${path}`),
  )
  expect(missing).toEqual([])
})

test('the lock is of this package.json', () => {
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Entry
  const { dependencies, optionalDependencies, devDependencies } = wanted
  expect(packages['']).toMatchObject({ dependencies, optionalDependencies, devDependencies })
})

test('one copy of protobufjs serves the whole SDK, else saved histories cannot be replayed', () => {
  const copies = Object.entries(packages).filter(([path]) => path.endsWith('node_modules/protobufjs'))
  expect(copies.filter(([, { version }]) => version.startsWith('8.')).map(([path]) => path)).toEqual([
    'node_modules/protobufjs',
  ])
})

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (name: string) => readFileSync(new URL(`../../../activities/normalise/${name}`, import.meta.url))
const lineOf = (name: string) => `${createHash('sha256').update(read(name)).digest('hex')}  ${name}\n`

test('C and WebAssembly of the kernel are those that were built together', () => {
  const renew =
    'after a build: cd activities/normalise && sha256sum pixel-kernel.c pixel-kernel.wasm > pixel-kernel.sha256'
  expect(lineOf('pixel-kernel.c') + lineOf('pixel-kernel.wasm'), renew).toBe(read('pixel-kernel.sha256').toString())
})

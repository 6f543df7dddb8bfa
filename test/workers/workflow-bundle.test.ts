import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundleName, workflowBundle } from '../../workers/workflow-bundle.ts'

const CHECKOUT = path.join(import.meta.dirname, '..', '..')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mella-bundle-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('is made once and read after that', async () => {
  const { codePath } = await workflowBundle(CHECKOUT, folder)
  expect(readFileSync(codePath, 'utf8')).toContain('crawlWorkflow')
  writeFileSync(codePath, 'made before')
  expect(await workflowBundle(CHECKOUT, folder)).toEqual({ codePath })
  expect(readFileSync(codePath, 'utf8')).toBe('made before')
})

it('is another one when a workflow or a contract has changed', async () => {
  const other = path.join(folder, 'checkout')
  for (const part of ['workflows', 'schema/contracts', 'package-lock.json'])
    cpSync(path.join(CHECKOUT, part), path.join(other, part), { recursive: true })
  const names = new Set<string>()
  for (const file of ['workflows/crawl.workflow.ts', 'schema/contracts/errors.ts', 'package-lock.json']) {
    const text = readFileSync(path.join(other, file), 'utf8')
    writeFileSync(path.join(other, file), `${text}\n`)
    names.add(bundleName(other))
  }
  expect(names.size).toBe(3)
})

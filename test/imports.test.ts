import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Folder of the importing file, what it imports, and how. */
interface Case {
  from: string
  source: string
  typeOnly?: true
}

const FORBIDDEN: readonly Case[] = [
  { from: 'schema/contracts', source: '../tables/a.table.ts' },
  { from: 'schema/contracts', source: 'zod' },
  { from: 'schema/contracts', source: 'node:fs' },
  { from: 'schema/queries', source: '../../infra/a.ts' },
  { from: 'schema/spec', source: '../../activities/a/b.ts' },
  { from: 'schema/tables', source: '../../workflows/a.ts' },
  { from: 'schema/tables', source: '../../workers/a.ts' },
  { from: 'schema/tables', source: '../../cli/a.ts' },
  { from: 'infra', source: '../activities/a/b.ts' },
  { from: 'infra', source: '../workflows/a.ts' },
  { from: 'infra/services', source: '../../workers/a.ts' },
  { from: 'infra/services', source: '../../cli/a.ts' },
  { from: 'activities/crawl', source: '../../infra/a.ts' },
  { from: 'activities/crawl', source: '../../workflows/a.ts' },
  { from: 'activities/crawl', source: '../../workers/a.ts' },
  { from: 'activities/crawl', source: '../../cli/a.ts' },
  { from: 'workflows', source: 'node:fs' },
  { from: 'workflows', source: 'node:fs/promises' },
  { from: 'workflows', source: 'fs' },
  { from: 'workflows', source: 'kysely' },
  { from: 'workflows', source: 'zod' },
  { from: 'workflows', source: '@temporalio/client' },
  { from: 'workflows', source: '../activities/a/b.activity.ts' },
  { from: 'workflows', source: '../infra/a.ts' },
  { from: 'workflows', source: '../workers/a.ts' },
  { from: 'workflows', source: '../cli/a.ts' },
  { from: 'workflows', source: '../schema/tables/a.table.ts' },
  { from: 'workflows', source: '../schema/queries/a.ts' },
  { from: 'workflows', source: '../schema/spec/a.ts' },
  { from: 'workflows/parts', source: '../../activities/a/b.activity.ts' },
  { from: 'workflows/parts', source: '../../schema/queries/a.ts' },
  { from: 'workers', source: '../cli/a.ts' },
  { from: 'cli', source: '../workers/a.ts' },
  { from: 'cli/commands', source: '../../workers/a.ts' },
  { from: 'cli/commands', source: '../../workflows/a.ts' },
]

const ALLOWED: readonly Case[] = [
  { from: 'schema/contracts', source: './b.ts' },
  { from: 'schema/queries', source: '../tables/a.table.ts' },
  { from: 'schema/queries', source: 'kysely' },
  { from: 'infra', source: '../schema/contracts/a.ts' },
  { from: 'infra', source: 'undici' },
  { from: 'activities/crawl', source: '../../schema/contracts/a.ts' },
  { from: 'activities/crawl', source: '../extract/a.ts' },
  { from: 'activities/crawl', source: '../../infra/a.ts', typeOnly: true },
  { from: 'workflows', source: '@temporalio/workflow' },
  { from: 'workflows', source: './b.ts' },
  { from: 'workflows', source: '../schema/contracts/a.ts' },
  { from: 'workflows', source: '../activities/a/b.activity.ts', typeOnly: true },
  { from: 'workflows/parts', source: '../b.ts' },
  { from: 'workflows/parts', source: '../../schema/contracts/a.ts' },
  { from: 'workflows/parts', source: '../../activities/a/b.activity.ts', typeOnly: true },
  { from: 'workers', source: '../activities/a/b.activity.ts' },
  { from: 'cli/commands', source: '../../infra/a.ts' },
  { from: 'cli/commands', source: '../../workflows/a.ts', typeOnly: true },
]

/** One file per case in a folder with the project's lint rules; gives the sentences of those that are refused. */
function refusedOf(cases: readonly Case[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'mella-imports-'))
  try {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    const sentences = new Map<string, string>()
    for (const [index, one] of cases.entries()) {
      const path = join(one.from, `case-${index}.ts`)
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(
        join(folder, path),
        `import ${one.typeOnly ? 'type ' : ''}{ a } from '${one.source}'\nexport const b${one.typeOnly ? ': a = 1' : ' = a'}\n`,
      )
      sentences.set(path, sentenceOf(one))
    }
    const { diagnostics } = JSON.parse(lint(folder)) as { diagnostics: { code: string; filename: string }[] }
    const files = diagnostics
      .filter(({ code }) => code.includes('no-restricted-imports'))
      .map(({ filename }) => relative(folder, join(folder, filename)))
    return [...new Set(files)].map((file) => sentences.get(file) ?? file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The files of those given that the rule against reading the environment refuses. */
function readersOfEnvironment(paths: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'mella-imports-'))
  try {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    for (const path of paths) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), 'export const home = process.env.HOME\n')
    }
    const { diagnostics } = JSON.parse(lint(folder)) as { diagnostics: { code: string; filename: string }[] }
    return diagnostics.filter(({ code }) => code.includes('no-process-env')).map(({ filename }) => filename)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function lint(folder: string): string {
  try {
    return execFileSync(join(ROOT, 'node_modules', '.bin', 'oxlint'), ['--format=json', '.'], {
      cwd: folder,
      encoding: 'utf8',
    })
  } catch (error) {
    return (error as { stdout: string }).stdout // exit 1: something was found
  }
}

function sentenceOf({ from, source, typeOnly }: Case): string {
  return `${from} imports ${typeOnly ? 'types of ' : ''}${source}`
}

test('imports against the direction of the folders are refused by the linter', () => {
  expect(refusedOf(FORBIDDEN).toSorted()).toEqual(FORBIDDEN.map(sentenceOf).toSorted())
})

test('imports along the direction of the folders are not', () => {
  expect(refusedOf(ALLOWED)).toEqual([])
})

test('the environment is read by the entry points alone', () => {
  const refused = [
    'activities/a/b.ts',
    'cli/commands/a.ts',
    'cli/run.ts',
    'infra/a.ts',
    'schema/queries/a.ts',
    'workflows/a.ts',
  ]
  expect(readersOfEnvironment([...refused, 'cli/main.ts', 'workers/io.ts']).toSorted()).toEqual(refused)
})

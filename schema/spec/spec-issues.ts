import type { z } from 'zod'
import type { SpecFault, SpecPath } from './spec-fault.ts'
import { specSchema } from './spec.schema.ts'

/** The faults of shape of a spec as written: unknown keys with the valid ones, wrong types, values out of bounds. */
export function faultsOfShape(written: unknown): SpecFault[] {
  const result = specSchema.safeParse(written)
  if (result.success) return []
  return result.error.issues.flatMap((issue) => faultsOf(issue, [], written))
}

function faultsOf(issue: z.core.$ZodIssue, parent: SpecPath, written: unknown): SpecFault[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  const value = valueAt(written, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key))
    case 'invalid_key':
      return issue.issues
        .flatMap((inner) => faultsOf(inner, path, written))
        .map((fault) => ({ ...fault, path, at: 'key' }))
    case 'invalid_union':
      return faultsOfUnion(issue.errors, path, written)
    case 'invalid_value':
      return [wrongWord(path, value, issue.values.map(String))]
    case 'invalid_type':
      return [
        {
          path,
          at: 'value',
          fact: value === undefined ? 'is missing' : `must be ${typeName(issue.expected)}, is ${describe(value)}`,
        },
      ]
    case 'too_small':
      return [
        {
          path,
          at: 'value',
          fact: outOfBounds(issue.origin, issue.inclusive === false ? 'over' : 'at least', issue.minimum, value),
        },
      ]
    case 'too_big':
      return [{ path, at: 'value', fact: outOfBounds(issue.origin, 'at most', issue.maximum, value) }]
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
      return [{ path, at: 'value', fact: `${issue.message}, is ${describe(value)}` }]
  }
}

/** Of the branches of a choice, the one for the type that was written; the branches here differ in type or in one word. */
function faultsOfUnion(branches: readonly z.core.$ZodIssue[][], path: SpecPath, written: unknown): SpecFault[] {
  const isOfType = (issues: readonly z.core.$ZodIssue[]): boolean =>
    !issues.some(
      (issue) => issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value'),
    )
  const branch = branches.find(isOfType)
  if (branch !== undefined) return branch.flatMap((issue) => faultsOf(issue, path, written))
  const types = branches.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === 'invalid_type' ? [typeName(issue.expected)] : [])),
  )
  return [
    { path, at: 'value', fact: `must be ${[...new Set(types)].join(' or ')}, is ${describe(valueAt(written, path))}` },
  ]
}

function unknownKey(path: SpecPath, key: string): SpecFault {
  return { path: [...path, key], at: 'key', fact: 'is no key of a spec', valid: { given: key, names: keysAt(path) } }
}

function wrongWord(path: SpecPath, value: unknown, words: readonly string[]): SpecFault {
  const fault: SpecFault = { path, at: 'value', fact: `must be one of ${words.join(', ')}, is ${describe(value)}` }
  return typeof value === 'string' ? { ...fault, valid: { given: value, names: words } } : fault
}

function outOfBounds(origin: string, bound: string, limit: number | bigint, value: unknown): string {
  if (origin === 'array') return `must have ${bound} ${limit} ${limit === 1 ? 'item' : 'items'}`
  if (origin === 'string') return `must have ${bound} ${limit} characters`
  return `must be ${bound} ${limit}, is ${describe(value)}`
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected
}

const SHOWN_CHARS = 60

function describe(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'string')
    return JSON.stringify(value.length > SHOWN_CHARS ? `${value.slice(0, SHOWN_CHARS)}…` : value)
  return String(value as number | boolean)
}

function valueAt(root: unknown, path: SpecPath): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}

/** The keys that the schema knows at a path. */
function keysAt(path: SpecPath): string[] {
  let schemas: z.core.$ZodType[] = [specSchema]
  for (const part of path) schemas = schemas.flatMap(unwrap).flatMap((schema) => childOf(schema, part))
  return schemas.flatMap(unwrap).flatMap((schema) => Object.keys(definitionOf(schema).shape ?? {}))
}

interface Definition {
  innerType?: z.core.$ZodType
  options?: z.core.$ZodType[]
  shape?: Record<string, z.core.$ZodType>
  valueType?: z.core.$ZodType
  element?: z.core.$ZodType
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { innerType, options } = definitionOf(schema)
  if (innerType !== undefined) return unwrap(innerType)
  return options === undefined ? [schema] : options.flatMap(unwrap)
}

function childOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  const { shape, valueType, element } = definitionOf(schema)
  const child = shape?.[part] ?? valueType ?? element
  return child === undefined ? [] : [child]
}

import type { KeyValue, SchemaElement } from 'hyparquet-writer'
import type { Column, Field, Scalar } from './columns.ts'

/**
 * Parquet schema of the columns: every group and leaf optional, because Arrow counts nullability inside a struct as
 * part of its type and readers then refuse the declared feature. Lists have the standard three levels.
 */
export function parquetSchema(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.flatMap(columnElements)]
}

function columnElements(column: Column): SchemaElement[] {
  switch (column.kind) {
    case 'image':
      return [
        group(column.name, 2),
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        leaf({ name: 'path', kind: 'string' }),
      ]
    case 'struct':
      return [group(column.name, column.fields.length), ...column.fields.map(leaf)]
    case 'list':
      return [
        { ...group(column.name, 1), converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        group('element', column.fields.length),
        ...column.fields.map(leaf),
      ]
    case 'string':
    case 'bool':
    case 'int32':
    case 'double':
      return [leaf(column)]
  }
}

function group(name: string, children: number): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', num_children: children }
}

function leaf({ name, kind }: Field): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...PHYSICAL[kind] }
}

const PHYSICAL: Record<Scalar, Omit<SchemaElement, 'name' | 'repetition_type'>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  bool: { type: 'BOOLEAN' },
  int32: { type: 'INT32' },
  double: { type: 'DOUBLE' },
}

const ARROW: Record<Scalar, string> = { string: 'string', bool: 'bool', int32: 'int32', double: 'float64' }

export interface ValueFeature {
  dtype: string
  _type: 'Value'
}

export type Feature = ValueFeature | { _type: 'Image' } | StructFeature | [StructFeature]
export interface StructFeature {
  [name: string]: ValueFeature
}

/**
 * Features as the Hugging Face `datasets` library keeps them in the footer key `huggingface`. A list stands as a JSON
 * list of its element, the form that its versions before and after 4.0 both read.
 */
export function hubFeatures(columns: readonly Column[]): Record<string, Feature> {
  return Object.fromEntries(columns.map((column) => [column.name, feature(column)]))
}

function feature(column: Column): Feature {
  switch (column.kind) {
    case 'image':
      return { _type: 'Image' }
    case 'struct':
      return structFeature(column.fields)
    case 'list':
      return [structFeature(column.fields)]
    case 'string':
    case 'bool':
    case 'int32':
    case 'double':
      return value(column)
  }
}

const structFeature = (fields: Field[]): StructFeature =>
  Object.fromEntries(fields.map((field) => [field.name, value(field)]))
const value = ({ kind }: Field): ValueFeature => ({ dtype: ARROW[kind], _type: 'Value' })

/** Footer entries: the features, so that `datasets` shows the image column as pictures. */
export function footer(columns: readonly Column[]): KeyValue[] {
  return [{ key: 'huggingface', value: JSON.stringify({ info: { features: hubFeatures(columns) } }) }]
}

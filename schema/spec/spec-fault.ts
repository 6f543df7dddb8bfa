/** Where in a spec: keys and indexes from the root. */
export type SpecPath = readonly (string | number)[]

/** One thing that is wrong with a spec, before it has a place in a file. */
export interface SpecFault {
  path: SpecPath
  /** Whether the key at the end of the path is wrong, or what stands there. */
  at: 'key' | 'value'
  /** What is wrong, to stand after the path: `must be …`. */
  fact: string
  /** The valid names among which the nearest is shown, for a name that is none of them. */
  valid?: { given: string; names: readonly string[] }
}

/** `crawl.seeds.ru[0]`. */
export function formatPath(path: SpecPath): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`
  return text
}

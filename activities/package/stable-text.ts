import { stringify } from 'yaml'
import { canonicalJson } from '../digest.ts'

/** JSON for people that has one form: names sorted, two spaces, a newline at the end. */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(value)), null, 2)}\n`
}

/**
 * YAML that has one form: names as `order` lists them, then the others sorted. Strings that YAML 1.1 readers take for
 * something else (the language `no`, a date) are quoted.
 */
export function stableYaml(value: object, order: readonly string[]): string {
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  return stringify(value, {
    compat: 'yaml-1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
    sortMapEntries: (a, b) => {
      const [left, right] = [String(a.key), String(b.key)]
      return place(left) - place(right) || (left < right ? -1 : left > right ? 1 : 0)
    },
  })
}

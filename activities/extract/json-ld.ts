/** A schema.org `ImageObject` as written; URLs are not resolved. */
export interface ImageObject {
  url: string
  /** `caption`, `description`, `name`, as far as they are there. */
  texts: string[]
  licence: string | null
  lang: string | null
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

/** One script's text beyond this is not read. UTF-16 code units. */
const MAX_SCRIPT_UNITS = 1_000_000

/** Values looked at within one script. */
const MAX_VALUES = 50_000

/** All `ImageObject`s anywhere in a JSON-LD document, in the order written; none when it is not JSON. */
export function readImageObjects(script: string): ImageObject[] {
  const found: ImageObject[] = []
  // A stack, not recursion: nesting is the page's choice.
  const stack: Json[] = [parseJson(script)]
  for (let seen = 0; stack.length > 0 && seen < MAX_VALUES; seen++) {
    const value = stack.pop() ?? null
    if (value === null || typeof value !== 'object') continue
    if (!Array.isArray(value) && isImageObject(value)) found.push(...asImageObject(value))
    const children = Array.isArray(value) ? value : Object.values(value)
    for (const child of children.slice(0, MAX_VALUES).reverse()) stack.push(child)
  }
  return found
}

function parseJson(script: string): Json {
  if (script.length > MAX_SCRIPT_UNITS) return null
  try {
    return JSON.parse(script.trim().replace(/;$/, '')) as Json
  } catch {
    // Broken JSON-LD is common and says nothing.
    return null
  }
}

function isImageObject(value: JsonObject): boolean {
  return strings(value['@type']).some((type) => /(?:^|[/:])ImageObject$/.test(type))
}

function asImageObject(value: JsonObject): ImageObject[] {
  const url = strings(value['contentUrl'])[0] ?? strings(value['url'])[0]
  if (url === undefined) return []
  return [
    {
      url,
      texts: ['caption', 'description', 'name'].flatMap((key) => strings(value[key])),
      licence: strings(value['license'])[0] ?? null,
      lang: strings(value['inLanguage'])[0] ?? null,
    },
  ]
}

/** The strings of a value that may be a string, a value or node object, or a list of them. */
function strings(value: Json | undefined): string[] {
  const values = Array.isArray(value) ? value : [value ?? null]
  return values.flatMap((each) => {
    if (typeof each === 'string') return [each]
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return []
    const inner = each['@value'] ?? each['@id'] ?? each['url']
    return typeof inner === 'string' ? [inner] : []
  })
}

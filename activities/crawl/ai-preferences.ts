import { parseDictionary, Token } from 'structured-headers'

/** What one text says of one use: `train-ai` `n`, or in the words of content signals `ai-train` `no`. */
export interface Statement {
  label: string
  value: string
}

const MAX_STATEMENTS = 50
const MAX_LABEL = 100

/**
 * `train-ai=n, search=y`: a dictionary of structured fields (RFC 9651) with the tokens `y` and `n`
 * (draft-ietf-aipref-vocab). What does not parse says nothing, as do values that are no tokens.
 */
export function contentUsage(text: string): Statement[] {
  try {
    return [...parseDictionary(text)]
      .flatMap(([label, [item]]) => (item instanceof Token ? [{ label: bounded(label), value: item.toString() }] : []))
      .slice(0, MAX_STATEMENTS)
  } catch {
    return [] // a preference that cannot be read is an unknown one
  }
}

/** `search=yes, ai-train=no` (contentsignals.org): pairs between commas, in any case; of a repeated one the refusal stands. */
export function contentSignals(text: string): Statement[] {
  const found = new Map<string, string>()
  for (const pair of text.toLowerCase().split(',', MAX_STATEMENTS)) {
    const equals = pair.indexOf('=')
    const [label, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
    if (equals < 0 || !/^[a-z][a-z\d_-]*$/.test(label) || !/^[a-z]+$/.test(value)) continue
    if (found.get(label) !== 'no') found.set(bounded(label), value)
  }
  return [...found].map(([label, value]) => ({ label, value: bounded(value) }))
}

const bounded = (text: string) => text.slice(0, MAX_LABEL)

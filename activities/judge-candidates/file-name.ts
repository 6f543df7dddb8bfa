/** True when a text only repeats the name of the picture's file, with or without its extension, whatever separates words. */
export function namesItsFile(text: string, imageUrl: string): boolean {
  const stem = fold(stemOf(imageUrl))
  return (
    stem.length >= 2 && (fold(text) === stem || fold(text.replace(/\.[a-z0-9]{2,5}$/i, '')) === stem) && isAscii(text)
  )
}

function stemOf(imageUrl: string): string {
  const last = new URL(imageUrl).pathname.split('/').at(-1) ?? ''
  const name = safeDecode(last)
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: the raw name will do.
    return text
  }
}

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-+.]+/g, '')
}

/** A name in another script than ASCII was given by a person who wrote the language; it may well be a caption. */
function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

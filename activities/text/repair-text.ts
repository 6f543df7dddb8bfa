import { parseFragment } from 'parse5'
import { mendMojibake } from './mojibake.ts'

/** A character reference that survived one decoding: the page escaped twice. */
const CHARACTER_REFERENCE = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});/

/**
 * Controls, directional controls (a text carries its own direction; these only hide or reorder it), interlinear and
 * tag characters. The joiners U+200C and U+200D and the word break U+200B are spelling in many scripts and stay.
 */
const INVISIBLE = /[\p{Cc}\u00AD\u061C\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0001}]/gu

/**
 * The text as its author meant it: escapes that were left over decoded, mojibake mended, NFC, controls removed,
 * white space collapsed. Idempotent; well-formed.
 */
export function repairText(raw: string): string {
  let text = raw.toWellFormed()
  // Twice covers `&amp;amp;`; what is escaped deeper is meant.
  for (let round = 0; round < 2 && CHARACTER_REFERENCE.test(text); round++) text = decodeReferences(text)
  return mendMojibake(text).normalize('NFC').replace(/\s+/g, ' ').replace(INVISIBLE, '').trim()
}

/** Decodes by the HTML parser's own table; `<` is escaped first, so that nothing becomes markup. */
function decodeReferences(text: string): string {
  const fragment = parseFragment(text.replaceAll('<', '&lt;'))
  return fragment.childNodes.map((node) => (node.nodeName === '#text' && 'value' in node ? node.value : '')).join('')
}

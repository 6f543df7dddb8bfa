import type { NativeText, TextDirection, TextSource } from '../../schema/contracts/candidate.ts'
import { attribute, type HtmlElement } from './html-tree.ts'
import { plainTextOrNull } from './plain-text.ts'

/** What markup declares of the texts at one place. */
export interface TextPlace {
  /** BCP 47 as written, null when none is declared. */
  lang: string | null
  dir: TextDirection | 'auto' | null
}

/** Scripts written from right to left, of the characters that Unicode gives the bidirectional classes R and AL. */
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}\p{Script=Mende_Kikakui}\p{Script=Yezidi}\p{Script=Old_Hungarian}]/u

const FIRST_LETTER = /\p{L}/u

/** Where an element's own texts stand, given where it stands itself. */
export function placeOf(element: HtmlElement, parent: TextPlace): TextPlace {
  if (element.attrs.length === 0 && element.tagName !== 'bdi') return parent
  const lang = declaredLang(element)
  return { lang: lang === undefined ? parent.lang : lang, dir: declaredDir(element) ?? parent.dir }
}

/**
 * The declared language of this very element, undefined when it declares none; null for `lang=""`, which stops the
 * inheritance. `xml:lang` counts in foreign content only (the parser gives it its prefix there).
 */
function declaredLang(element: HtmlElement): string | null | undefined {
  const foreign = element.attrs.find((each) => each.name === 'lang' && each.prefix === 'xml')
  const value = foreign?.value ?? attribute(element, 'lang')
  if (value === null) return undefined
  return plainTextOrNull(value, 100)
}

/** `bdi` is `auto` by itself; an unknown word declares nothing (html.spec.whatwg.org, "the dir attribute"). */
export function declaredDir(element: HtmlElement): TextPlace['dir'] {
  const value = attribute(element, 'dir')?.trim().toLowerCase()
  if (value === 'ltr' || value === 'rtl' || value === 'auto') return value
  return element.tagName === 'bdi' ? 'auto' : null
}

/** One text with its source; nothing when white space is all it has. */
export function asText(raw: string | null, source: TextSource, { lang, dir }: TextPlace): NativeText[] {
  const text = plainTextOrNull(raw)
  if (text === null) return []
  const resolved = dir === 'auto' ? directionOf(text) : dir
  return [{ text, source, lang, ...(resolved === null ? {} : { dir: resolved }) }]
}

/** By the first letter, as `dir=auto` has it; a text without letters has none. */
function directionOf(text: string): TextDirection | null {
  const letter = FIRST_LETTER.exec(text)?.[0]
  if (letter === undefined) return null
  return RIGHT_TO_LEFT.test(letter) ? 'rtl' : 'ltr'
}

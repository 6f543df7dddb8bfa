import type { TextType } from '../../schema/contracts/candidate.ts'

/** What the rules look at: the repaired text and what was counted of it. */
export interface TypedText {
  text: string
  letters: number
  /** Capital letters may carry no meaning here: German writes every noun with one. */
  capitalisesNouns: boolean
}

const FILE_NAME = /^\S{1,200}\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?|heic|ico|jfif|psd|pdf|mp4|mov)$/i
/** A path of a server or a disk: no white space, two separators or a leading one. */
const PATH = /^(?:https?:\/\/|www\.|[a-z]:\\|\.{0,2}\/)\S+$/i

/** File systems stop at 255; also keeps the patterns below from long hostile texts. */
const MAX_FILE_NAME_UNITS = 300

/** Names that cameras, phones, chat programs and design tools give. */
const DEVICE_NAMES = [
  /^(?:IMG|DSC|DSCN|DSCF|DSC_|PXL|MVIMG|VID|GOPR|SAM|PICT|CIMG|MG|IMAG|WP|FB_IMG|received|Screenshot|Snapchat)[-_ ]?\d{3,}[\w.-]*$/i,
  /^(?:WhatsApp|Telegram|Viber) Image \d{4}-\d\d-\d\d/i,
  /^(?:Screenshot|Screen Shot)[ _-]?\d{4}-\d\d-\d\d/i,
  /^(?:image|img|picture|pic|photo|foto|scan|untitled|unnamed|slide|bild|thumb)[-_ ]?\(?\d+\)?$/i,
  /^P\d{6,8}$/,
  /^(?:19|20)\d{2}[-_]?\d{2}[-_]?\d{2}[-_ T]?\d{2}[-_.:]?\d{2}[\w.-]*$/,
]

/** Hexadecimal digests, UUIDs and other random names: long, without a space, digits among letters. */
const DIGEST = /^(?=.*\d)[\da-f]{16,}$|^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i

/** What programs print instead of a text. */
const PROGRAM_VALUE = /^(?:null|undefined|nan|none|true|false|\[object \w+\]|n\/a)$/i
const TEMPLATE = /\{\{|\}\}|\$\{|<%|%>|\[\[|%[sd](?![\p{L}\d])|<\/?[a-z][^<>]{0,200}>/iu

const CREDIT_SIGN = /[©℗]|\(c\)\s*(?:\d{4}|\p{Lu})/iu
/** Agencies and archives sign in their own name in every language. */
const AGENCY =
  /\b(?:Getty Images|Shutterstock|iStock(?:photo)?|Reuters|AP Photo|AFP|EPA(?:-EFE)?|ČTK|MTI|TASS|Xinhua|Alamy|Depositphotos|Unsplash|Pixabay|Pexels|Adobe Stock|Dreamstime|Wikimedia(?: Commons)?|Flickr|CC[ -]BY(?:-SA)?)\b/u

/** A text with a credit in it is still a description when this many letters are left beside the credit. */
const MIN_DESCRIPTION_LETTERS = 25

const SEPARATORS = /[,;|•·、،؛，；/]+/u

/**
 * What an alternative text is, by form alone: no rule reads a word of any language. In doubt it is a description, the
 * commonest kind and the one that costs nothing when it is wrong.
 */
export function textType(typed: TypedText): TextType {
  const { text, letters } = typed
  if (letters === 0 || PROGRAM_VALUE.test(text) || TEMPLATE.test(text) || text.includes('\uFFFD')) return 'other'
  if (isFileName(text)) return 'filename'
  if (isKeywordList(text)) return 'seo'
  if (isCredit(text)) return 'credit'
  if (isHeadline(text)) return 'headline'
  return isNames(typed) ? 'names' : 'description'
}

function isFileName(text: string): boolean {
  if (text.length > MAX_FILE_NAME_UNITS) return false
  if (FILE_NAME.test(text) || PATH.test(text) || DIGEST.test(text)) return true
  if (DEVICE_NAMES.some((pattern) => pattern.test(text))) return true
  if (/\s/.test(text)) return false
  // A slug: parts joined by underscores, or three and more joined by hyphens, one of them a number or all lower-case.
  const parts = text.split(/[-_+]|%20/).filter((part) => part !== '')
  if (text.includes('_') && parts.length >= 2) return true
  if (parts.length >= 3 && (text === text.toLowerCase() || parts.some((part) => /^\d+$/.test(part))))
    return parts.length >= 4 || /\d/.test(text)
  return /^[a-z]{3,}\d{2,}$/.test(text)
}

/** Many short items, or words that come again and again. */
function isKeywordList(text: string): boolean {
  const tags = text.match(/#[\p{L}\p{N}_]{2,}/gu) ?? []
  if (tags.length >= 3) return true
  const items = text
    .split(SEPARATORS)
    .map((item) => item.trim())
    .filter((item) => item !== '')
  const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const repeated = 1 - new Set(words).size / Math.max(1, words.length)
  if (/[.!?。؟।](?:\s|$)/u.test(text)) return false
  if (words.length >= 12 && repeated > 0.5) return true
  if (items.length < 4) return false
  const short = items.filter((item) => item.split(/\s+/).length <= 4).length === items.length
  return short && (items.length >= 8 || repeated >= 0.25)
}

function isCredit(text: string): boolean {
  const match = CREDIT_SIGN.exec(text) ?? AGENCY.exec(text)
  if (match === null) return false
  const beside = text.slice(0, match.index)
  return (beside.match(/\p{L}/gu)?.length ?? 0) < MIN_DESCRIPTION_LETTERS
}

/** A title with its site's name behind a bar, or capitals throughout: the two forms of headlines that need no language. */
function isHeadline(text: string): boolean {
  if (text.split(/ (?:\||::) /).filter((part) => /\p{L}/u.test(part)).length >= 2) return true
  const words = text.match(/[\p{L}\p{M}]+/gu) ?? []
  const cased = words.filter((word) => word.length >= 2 && word.toLowerCase() !== word.toUpperCase())
  if (cased.length >= 3 && cased.every((word) => word === word.toUpperCase())) return true
  return cased.length >= 6 && cased.length === words.length && words.every(isCapitalised)
}

/** Two to four capitalised words and nothing else, or a list of such: `Jan Novák`, `A. S. Puškin`, `Ana Ilić, Ivo Rak`. */
function isNames({ text, capitalisesNouns }: TypedText): boolean {
  if (capitalisesNouns || /[\d!?:;()"„“«»]/.test(text) || text.endsWith('.')) return false
  const items = text.split(/ ?[,&] ?/)
  return items.length <= 6 && items.every(isName)
}

function isName(item: string): boolean {
  const words = item.split(' ')
  // A last word of one letter names a thing: "Vitamin C".
  if (words.length < 2 || words.length > 4 || !isCapitalised(words.at(-1) ?? '')) return false
  return words.every((word) => /^(?:\p{Lu}\.)+$/u.test(word) || isCapitalised(word))
}

function isCapitalised(word: string): boolean {
  return /^\p{Lu}[\p{Ll}\p{M}'’]+(?:-\p{Lu}[\p{Ll}\p{M}]+)*$/u.test(word)
}

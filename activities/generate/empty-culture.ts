import { splitSentences } from './sentences.ts'

/**
 * Sentences that say that no culture can be seen ("no cultural feature is visible", "the country cannot be told").
 * They are recognised by what they are made of, not by their wording: a denial or a word of not knowing, and hardly
 * a word that speaks of anything but seeing, determining and the topic itself. A sentence with a denial that names
 * things ("no shoes are worn in the prayer hall") has other words and stays. English only, as the pivot is by default;
 * for another pivot only `null` counts.
 */

/** Denial, and words of not knowing. */
const DENIAL =
  /^(?:no|not|cannot|none|nothing|nobody|without|neither|nor|never|null|nil|na|n\/a|absent|absence|lack\w*|un(?:clear|known|specified|determined|identifi\w+|certain|able|available)|in(?:determina\w+|sufficient|conclusive)|impossible|difficult|hard|hardly|ambiguous|generic|neutral|universal|\w+n['’]t)$/

/** The topic of the culture point, and words for a place of belonging. */
const TOPIC =
  /^(?:cultur|countr|nation|ethnic|tradition|custom|heritage|folk|festiv|region|geograph|origin|societ|ritual)/

/** Words of seeing, showing and determining, and for the parts that a culture point may have. */
const META =
  /^(?:see|seen|visib|view|observ|discern|recogni|identif|determin|establish|ascertain|infer|deduc|conclu|tell|told|say|said|know|pinpoint|point|attribut|assign|link|associat|relat|belong|connect|indicat|suggest|sign|show|display|depict|present|contain|includ|provid|offer|giv|appear|seem|exist|found|find|evident|apparent|obvious|clear|explicit|specif|particular|distinct|distinguish|definit|certain|sure|likel|possib|probab|notabl|signific|strong|element|featur|characteristic|aspect|marker|mark|cue|clue|hint|refer|detail|inform|evidence|context|content|background|identity|image|pictur|photo|scene|object|item|cloth|dress|attire|costume|architect|cuisine|people|person|place|location|area|kind|type|sort|applic|availab|enough|based|alone|itself|mention|described|any|discuss)/

const FUNCTION =
  /^(?:the|a|an|of|in|on|at|to|and|or|that|this|these|those|there|here|it|its|is|are|be|been|was|were|as|which|what|who|whether|with|by|from|for|can|could|may|might|would|will|do|does|did|has|have|had|all|such|like|other|than|so|but|also|only|just|very|more|most|one|i|we|you|they|if|because|about|within|through|s|t)$/

/** Share of content words that speak of the topic or of determining, from which a denial is empty. */
const EMPTY_SHARE = 0.6

/** True when no sentence of a culture point says anything. */
export function isEmptyCulture(text: string): boolean {
  return splitSentences(text, 'en').every(({ text: sentence }) => isEmptySentence(sentence, false))
}

/** The caption without sentences that only say that no culture can be seen, and without those of an empty `culture` point. */
export function withoutEmptyCulture(caption: string, culture: string | null): string {
  const empty = new Set(
    culture !== null && isEmptyCulture(culture) ? splitSentences(culture, 'en').map(({ text }) => text) : [],
  )
  return splitSentences(caption, 'en')
    .filter(({ text }) => !empty.has(text) && !isEmptySentence(text, true))
    .map(({ text }) => text)
    .join(' ')
}

function isEmptySentence(sentence: string, mustNameTopic: boolean): boolean {
  const words = sentence.toLowerCase().match(/n\/a|[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)?/gu) ?? []
  if (words.length === 0) return true
  if (!words.some((word) => DENIAL.test(word))) return false
  if (mustNameTopic && !words.some((word) => TOPIC.test(word))) return false
  const content = words.filter((word) => !FUNCTION.test(word) && !DENIAL.test(word))
  const meta = content.filter((word) => TOPIC.test(word) || META.test(word))
  return content.length === 0 || meta.length / content.length >= EMPTY_SHARE
}

/** Longest unit of a loop that is looked for, in code points: a long clause. */
const MAX_PERIOD = 120
/** A unit must stand this often in a row, over this many code points, to be a loop and not emphasis. */
const MIN_TIMES = 4
const MIN_LOOP_CHARS = 20
/** Texts are captions; what is longer is not looked at. */
const MAX_CHARS = 20_000

/**
 * Whether a text runs in circles, as models do that lost the thread: some unit stands four times in a row over at
 * least 20 characters, or the text's sentences are mostly the same ones again. Time grows with length, not with its square.
 */
export function hasLoop(text: string, sentences: readonly string[]): boolean {
  return hasPeriod(Array.from(text.slice(0, MAX_CHARS).toLowerCase())) || repeatsSentences(sentences)
}

function hasPeriod(characters: readonly string[]): boolean {
  const longest = Math.min(MAX_PERIOD, Math.floor(characters.length / MIN_TIMES))
  for (let period = 1; period <= longest; period++) {
    const needed = Math.max(period * (MIN_TIMES - 1), MIN_LOOP_CHARS - period)
    let run = 0
    for (let i = period; i < characters.length; i++) {
      run = characters[i] === characters[i - period] ? run + 1 : 0
      if (run >= needed) return true
    }
  }
  return false
}

function repeatsSentences(sentences: readonly string[]): boolean {
  const folded = sentences.map((sentence) => sentence.toLowerCase())
  const repeated = folded.length - new Set(folded).size
  return repeated >= 2 && repeated / folded.length >= 0.4
}

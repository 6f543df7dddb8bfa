/** What the rule reads of a page. */
export interface PageSigns {
  /** Letters of the visible text. */
  letters: number
  links: number
  /** Pictures that have a native text. */
  pictures: number
  scripts: ScriptCounts
}

export interface ScriptCounts {
  /** Scripts that are loaded from elsewhere, and characters of those that stand in the page. Data blocks are neither. */
  loaded: number
  inline: number
}

/** A page with fewer letters than this says next to nothing (a short paragraph has more). */
const FEW_LETTERS = 200
/** A frame that scripts fill has no links of its own to speak of. */
const FEW_LINKS = 5
/** Inline characters for each visible letter from which a page is mostly scripts. */
const SCRIPT_SHARE = 10

/**
 * Whether a page is a frame that scripts fill: it says and links next to nothing, shows no picture with a text, and
 * has a script to load or ten times as many characters of scripts as letters. Such pages give a crawl without a browser
 * nothing; a short page with words, links or described pictures gives what it has.
 */
export function needsJavaScript({ letters, links, pictures, scripts }: PageSigns): boolean {
  if (letters >= FEW_LETTERS || links >= FEW_LINKS || pictures > 0) return false
  return scripts.loaded > 0 || scripts.inline >= Math.max(FEW_LETTERS, letters * SCRIPT_SHARE)
}

/** `type` values of scripts that run; any other block is data. */
const RUNS = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/

/** Counts the scripts of a page in one pass. Where its charset matters is the text between them, which is not read. */
export function countScripts(html: Uint8Array): ScriptCounts {
  const text = Buffer.from(html.buffer, html.byteOffset, html.byteLength).toString('latin1').toLowerCase()
  const counts = { loaded: 0, inline: 0 }
  for (let at = text.indexOf('<script'); at >= 0; at = text.indexOf('<script', at)) {
    const open = text.indexOf('>', at)
    if (open < 0) break
    const tag = text.slice(at + 7, Math.min(open, at + 2000))
    const close = text.indexOf('</script', open)
    const end = close < 0 ? text.length : close
    const type = /\stype\s*=\s*["']?([a-z/+-]*)/.exec(tag)?.[1] ?? ''
    if (RUNS.test(type)) {
      if (/\ssrc\s*=/.test(tag)) counts.loaded += 1
      else counts.inline += end - open - 1
    }
    at = end
  }
  return counts
}

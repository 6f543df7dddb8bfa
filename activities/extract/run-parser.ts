import {
  type DefaultTreeAdapterMap,
  InsertionMode,
  Parser,
  type ParserOptions,
  Token,
  Tokenizer,
  TokenizerMode,
  type TreeAdapterTypeMap,
} from 'parse5'

/**
 * parse5, which goes from one character to the next through its whole state machine, with a short way for what is most of
 * a page: characters of text and of quoted attribute values that mean nothing but themselves. They join the run that the
 * tokenizer collects anyway, so that the tree is the same, in two thirds of the time.
 *
 * Uses parts of the tokenizer that are not its interface. They are those of the version that package.json names, and
 * the test beside parses random markup with both.
 */
interface TokenizerParts {
  state: number
  preprocessor: { html: string; pos: number }
  currentCharacterToken: Token.CharacterToken | null
  handler: { insertionMode: InsertionMode }
  /** Where the run of input characters that goes into the token unchanged begins and ends; units of `preprocessor.html`. */
  runStart: number
  runEnd: number
  _callState(codePoint: number): void
}

/** States in which a quoted value is read, by the quote that ends it: the tokenizer's own numbers, which it keeps to itself. */
const VALUE_STATES: readonly number[] = [35, 36]

/** In which text may take white space into its token: parse5 makes tokens of their own of it, for the modes that differ. */
const TAKES_SPACE: readonly boolean[] = Array.from(
  { length: InsertionMode.AFTER_AFTER_FRAMESET + 1 },
  (_, mode) => mode === InsertionMode.IN_BODY || mode === InsertionMode.IN_CELL || mode === InsertionMode.TEXT,
)

const IN_WORD = stopsAt('\0\t\n\f\r <&')
const IN_TEXT = stopsAt('\0\r<&')
const IN_VALUE = stopsAt('\0\r&"\'')

const Base = Tokenizer as unknown as new (...args: ConstructorParameters<typeof Tokenizer>) => TokenizerParts

class RunTokenizer extends Base {
  override _callState(codePoint: number): void {
    super._callState(codePoint)
    const { preprocessor } = this
    // Only where the character just read was taken as it is may those behind it be.
    if (this.runEnd !== preprocessor.pos + 1 || this.runEnd === this.runStart) return
    const stops = this.#stops()
    if (stops === null) return
    const end = endOfRun(preprocessor.html, this.runEnd, stops)
    preprocessor.pos = end - 1
    this.runEnd = end
  }

  #stops(): Uint8Array | null {
    const { state } = this
    if (state <= TokenizerMode.PLAINTEXT) {
      if (this.currentCharacterToken?.type !== Token.TokenType.CHARACTER) return null
      return TAKES_SPACE[this.handler.insertionMode] ? IN_TEXT : IN_WORD
    }
    return state === VALUE_STATES[0] || state === VALUE_STATES[1] ? IN_VALUE : null
  }
}

/** Where the first character stands that is among `stops`; the length of the text when none does. */
function endOfRun(text: string, from: number, stops: Uint8Array): number {
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 64 && stops[unit] === 1) return at
  }
  return text.length
}

/** All stops are below 64: white space, quotes, `&` and `<`. */
function stopsAt(characters: string): Uint8Array {
  const stops = new Uint8Array(64)
  for (const character of characters) stops[character.charCodeAt(0)] = 1
  return stops
}

class RunParser<T extends TreeAdapterTypeMap> extends Parser<T> {
  constructor(options?: ParserOptions<T>) {
    super(options)
    this.tokenizer = new RunTokenizer(this.options, this) as unknown as Tokenizer
  }
}

/** `parse` of parse5: the same tree for the same markup and options. */
export function parseInRuns<T extends TreeAdapterTypeMap = DefaultTreeAdapterMap>(
  html: string,
  options?: ParserOptions<T>,
): T['document'] {
  return RunParser.parse(html, options)
}

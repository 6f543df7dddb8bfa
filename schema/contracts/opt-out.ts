/** Where the words of a site's owner stood. */
export const SIGNAL_PLACES = ['header', 'meta', 'robots', 'tdmrep', 'picture', 'link'] as const
export type SignalPlace = (typeof SIGNAL_PLACES)[number]

/**
 * One machine-readable wish of a site's owner, kept as evidence whether or not it is honoured. Enters the digest of a
 * frozen crawl, so it holds no time: the captures that it stands in, and those of the file that it came from, have theirs.
 */
export interface OptOutSignal {
  /** Lower case: `noai`, `noindex`, `tdm-reservation`, `train-ai`, `ai-train`, `data-mining`, … */
  signal: string
  /** As far as the signal has a value; else empty. */
  value: string
  /** What was read, with the name that it stood under: `X-Robots-Tag: noai, noimageai`. Bounded. */
  raw: string
  where: SignalPlace
  /** Crawler that it is addressed to, lower case; null for all. */
  agent: string | null
  /** The file that it stood in (`robots`, `tdmrep`), or the URL that it is about (`link`). */
  url?: string
  /** Line of that file, from 1 (`robots`). */
  line?: number
}

/** As a capture's row has it: `raw` came later than the first rows. */
export type StoredSignal = Omit<OptOutSignal, 'raw'> & { raw?: string }

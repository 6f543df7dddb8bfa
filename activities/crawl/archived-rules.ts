import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import type { OriginFileKind } from '../../schema/queries/origin-files.ts'
import { MAX_REDIRECTS } from './redirects.ts'
import { isAllowed, type RobotsRules } from './robots.ts'
import { robotsSignals } from './robots-preferences.ts'
import { TDM_FILE, type TdmRule, tdmSignals } from './tdm-file.ts'

/** What the files of its origin, as archives have them, say of a URL. */
export interface ArchivedWord {
  /** The rule of robots.txt by which nobody may ask for it, null when it may be asked for. */
  refusal: string | null
  signals: OptOutSignal[]
}

export interface ArchivedRulesDeps {
  /** The newest record of a file that says something. */
  find(kind: OriginFileKind, urlSha: Buffer): Promise<{ url: string; redirect_sha: Buffer | null } | null>
  robots(origin: string): Promise<RobotsRules | null>
  tdm(origin: string): Promise<TdmRule[] | null>
  place(url: string): { sha: Buffer } | null
  token: string
}

interface Rules {
  robots: RobotsRules | null
  tdm: TdmRule[] | null
}

/** Origins whose rules are held: files of half a megabyte are rare, and archives hold a site's pages near each other. */
const ORIGINS_HELD = 500

/**
 * Answers for URLs by the robots.txt and TDM files that archives have, following redirects from file to file. An origin
 * of which they have none says nothing.
 */
export function createArchivedRules(deps: ArchivedRulesDeps): (url: string) => Promise<ArchivedWord> {
  const origins = new Map<string, Promise<Rules>>()

  async function rulesOf(origin: string): Promise<Rules> {
    const [robots, tdm] = await Promise.all([
      holderOf(deps, 'robots', `${origin}/robots.txt`),
      holderOf(deps, 'tdmrep', `${origin}${TDM_FILE}`),
    ])
    return {
      robots: robots === null ? null : await deps.robots(robots),
      tdm: tdm === null ? null : await deps.tdm(tdm),
    }
  }

  return async (url) => {
    const { origin } = new URL(url)
    const known = origins.get(origin) ?? rulesOf(origin)
    origins.delete(origin)
    origins.set(origin, known)
    const [oldest] = origins.keys()
    if (origins.size > ORIGINS_HELD && oldest !== undefined) origins.delete(oldest)
    const { robots, tdm } = await known
    return wordOf(url, robots, tdm, deps.token)
  }
}

/** The origin whose own file holds, at the end of the redirects; null when the archives do not have it. */
export async function holderOf(
  deps: Pick<ArchivedRulesDeps, 'find' | 'place'>,
  kind: OriginFileKind,
  fileUrl: string,
): Promise<string | null> {
  let sha = deps.place(fileUrl)?.sha ?? null
  for (let hop = 0; hop <= MAX_REDIRECTS && sha !== null; hop += 1) {
    const found = await deps.find(kind, sha)
    if (found === null) return null
    if (found.redirect_sha === null) return new URL(found.url).origin
    sha = found.redirect_sha
  }
  return null
}

function wordOf(url: string, robots: RobotsRules | null, tdm: TdmRule[] | null, token: string): ArchivedWord {
  const { origin } = new URL(url)
  const decision = robots && isAllowed(robots, token, url)
  return {
    refusal: decision?.allowed === false ? `${decision.rule} (line ${decision.line})` : null,
    signals: [
      ...(robots ? robotsSignals(robots, token, url, `${origin}/robots.txt`) : []),
      ...(tdm ? tdmSignals(tdm, url, `${origin}${TDM_FILE}`) : []),
    ],
  }
}

/** Parameters that name nothing but a visit, in the software that made them common. */
const SURE = /^(?:phpsessid|jsessionid|aspsessionid[a-z]*|oscsid|zenid|cftoken)$/i
/** Names that may also stand for a story, a section or a size: only a long random value makes them a visit. */
const POSSIBLE = /^(?:s|sid|session|sessionid|session_id|session-id)$/i
/** ASP.NET without cookies: a path segment `(S(lit3py55t21z5v55vlm25s55))`. */
const ASP_SEGMENT = /^\([A-Z]\([0-9a-zA-Z]{8,64}\)\)$/
const JSP_PARAMETER = /;jsessionid=[^/;?#]*/gi

/**
 * A link's URL without the id of our visit, so that a page has one name however often it is met. For links of pages
 * alone: two URLs stay two to everything else, and a redirect that hands out an id is followed as it stands. Nothing
 * else changes: order, empty and doubled parameters stay. Takes and gives canonical URLs.
 */
export function withoutSessionId(url: string): string {
  const [address = '', ...rest] = url.split('?')
  const path = address
    .replace(JSP_PARAMETER, '')
    .split('/')
    .filter((segment) => !ASP_SEGMENT.test(segment))
    .join('/')
  if (rest.length === 0) return path
  const pairs = rest.join('?').split('&')
  const kept = pairs.filter((pair) => !isSession(pair))
  if (kept.length === pairs.length) return path === address ? url : `${path}?${rest.join('?')}`
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}

function isSession(pair: string): boolean {
  const cut = pair.indexOf('=')
  if (cut < 0) return false
  const name = pair.slice(0, cut)
  if (SURE.test(name)) return true
  const value = pair.slice(cut + 1)
  const isRandom = /^[0-9a-zA-Z]{16,128}$/.test(value) && /\d/.test(value) && /[a-zA-Z]/.test(value)
  return POSSIBLE.test(name) && isRandom
}

import { AppError, PermanentError, TransientError } from '../../schema/contracts/errors.ts'

/** Enough for a service to say what is wrong, too little to put a whole prompt into a log. */
const MAX_QUOTED_CHARS = 300

/** The service as messages name it: its address without credentials and query. Throws `MODEL_BAD_URL`. */
export function serviceName(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new PermanentError('MODEL_BAD_URL', `base_url ${baseUrl} is no http or https URL; correct it in the spec`)
  }
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}

/** Turns a status other than 200 into an error, with the service's own words. */
export function serviceError(status: number, raw: string, service: string): AppError {
  const said = quoted(raw)
  const details = { status, service }
  const text = `model service ${service} answered ${status}${said ? `: ${said}` : ''}`
  if (status === 408 || status === 504) return new TransientError('MODEL_TIMEOUT', text, details)
  if (status === 429) return new TransientError('MODEL_RATE_LIMITED', text, details)
  if (status >= 500) return new TransientError('MODEL_UNAVAILABLE', text, details)
  if (status === 401 || status === 403) {
    return new PermanentError('MODEL_UNAUTHORIZED', `${text}; check the key of this provider`, details)
  }
  if (status === 404) {
    return new PermanentError('MODEL_NOT_FOUND', `${text}; check base_url and the model's name in the spec`, details)
  }
  return new PermanentError('MODEL_REJECTED', text, details)
}

/** Turns what the HTTP client threw into an error; errors of ours pass through. */
export function networkError(error: unknown, service: string): AppError {
  if (error instanceof AppError) return error
  const { name, code, message } = error as { name?: string; code?: string; message?: string }
  const details = { service, cause: code ?? name ?? 'unknown' }
  const isTimeout = name === 'TimeoutError' || code?.endsWith('_TIMEOUT') === true || code === 'ETIMEDOUT'
  if (isTimeout) {
    return new TransientError('MODEL_TIMEOUT', `model service ${service} did not answer in time`, details, error)
  }
  const fact = code ?? message ?? 'the connection failed'
  return new TransientError(
    'MODEL_UNAVAILABLE',
    `model service ${service} cannot be reached (${fact}); start it or correct base_url`,
    details,
    error,
  )
}

/** The message that OpenAI-compatible services, APy and LibreTranslate put into their error bodies. */
function quoted(raw: string): string {
  let text = raw
  try {
    const body = JSON.parse(raw) as Record<string, unknown>
    const error = body['error'] as string | { message?: unknown } | undefined
    const said = (typeof error === 'object' ? error?.message : error) ?? body['explanation'] ?? body['message']
    if (typeof said === 'string') text = said
  } catch {
    // Not JSON: the first characters of whatever it is serve as the message.
  }
  return text.slice(0, MAX_QUOTED_CHARS).toWellFormed().replace(/\s+/g, ' ').trim()
}

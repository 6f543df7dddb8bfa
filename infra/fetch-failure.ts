import { PermanentError, TransientError } from '../schema/contracts/errors.ts'
import type { FetchFault, FetchReason } from '../schema/contracts/reasons.ts'
import { DialError } from './http-connect.ts'

/** Our machine is out of something: no fault of the site, so the batch has to stop and try again. */
const LOCAL_CODES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

const TIMEOUT_CODES = new Set([
  'CONNECT_TIMEOUT',
  'ETIMEDOUT',
  'ETIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

const CLOSED_CODES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'])

/**
 * What a socket or protocol error means. `answered` says that a response head had come, which turns a closed
 * connection into a truncated body. What is no fault of the web is thrown: TransientError `FETCH_LOCAL_RESOURCE`,
 * PermanentError `REQUEST_INVALID` for a header or path that cannot be sent.
 */
export function classifyFault(error: unknown, answered: boolean): FetchFault {
  const errorCode = codeOf(error)
  const message = error instanceof Error ? error.message : 'unknown fault'
  if (LOCAL_CODES.has(errorCode)) {
    throw new TransientError('FETCH_LOCAL_RESOURCE', `socket not opened: ${errorCode}`, { errorCode }, error)
  }
  if (errorCode === 'UND_ERR_INVALID_ARG') throw new PermanentError('REQUEST_INVALID', message, {}, error)
  return { reason: reasonOf(error, errorCode, answered), errorCode, message: clean(message) }
}

function reasonOf(error: unknown, code: string, answered: boolean): FetchReason {
  if (TIMEOUT_CODES.has(code)) return 'timeout'
  if (error instanceof DialError) return dialReason(error)
  if (CLOSED_CODES.has(code)) return answered ? 'truncated' : 'reset'
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large'
  return 'bad_response'
}

function dialReason(error: DialError): FetchReason {
  switch (error.stage) {
    case 'guard':
      return 'address_blocked'
    case 'dns':
      return 'dns_failed'
    case 'tls':
      return CLOSED_CODES.has(error.code) ? 'reset' : 'tls_failed'
    case 'tcp':
      return CLOSED_CODES.has(error.code) ? 'reset' : 'refused'
    default:
      return error.stage satisfies never
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}

/** Messages reach tables and terminals: one line, printable, short. */
function clean(message: string): string {
  return message.replace(/[^\u0020-\u007e]/g, ' ').slice(0, 300)
}

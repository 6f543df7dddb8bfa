import { PermanentError, TransientError } from '../schema/contracts/errors.ts'

/** Longest part of a library's message that is kept; it may quote the file. */
const MAX_REASON_CHARS = 200

/** A library's complaint about a picture: the picture's fault, except where memory was short. */
export function decodeError(cause: unknown): PermanentError | TransientError {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/out of memory|unable to allocate/i.test(message)) {
    return new TransientError('IMAGE_OUT_OF_MEMORY', 'picture was not decoded, memory is short', {}, cause)
  }
  const reason = message.slice(0, MAX_REASON_CHARS).split('\n', 1)[0] ?? ''
  return new PermanentError('IMAGE_UNDECODABLE', 'picture cannot be decoded', { reason }, cause)
}

/**
 * Gives the memory of a buffer back at once; the buffer is empty then, and so is every other view of the same memory: only
 * for bytes that nothing reads any more. Else they lie outside the heap until the whole heap is collected, which happens
 * again and again for their sake, or late. A part of a larger piece is not ours to give back and stays as it is.
 */
export function releaseBytes(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength && bytes.byteLength > 0)
    buffer.transfer(0)
}

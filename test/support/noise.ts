/** Bytes that do not shrink, the same every time (xorshift32). */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 2463534242
  for (let i = 0; i < length; i += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state & 0xff
  }
  return bytes
}

/** C0 but tab and newline, DEL, C1, line and paragraph separators, and the marks that reorder text on a terminal. */
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Text that a terminal shows and does not obey: control characters as `\u001b`; tabs and newlines stay. Also valid inside JSON strings. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

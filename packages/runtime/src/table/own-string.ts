/** V8 cuts strings of at least this length out of their parent by reference, which keeps the whole parent alive. */
const SLICED_LENGTH_MIN = 13;

/**
 * The same text in memory of its own: a word cut out of a line no longer keeps the line's whole block alive. For what is
 * kept past the block it came from, such as the keys of a table; costs a copy.
 */
export function ownString(text: string): string {
  if (text.length < SLICED_LENGTH_MIN) return text;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return Buffer.from(text, "utf16le").toString("utf16le");
  }
  return Buffer.from(text, "latin1").toString("latin1");
}

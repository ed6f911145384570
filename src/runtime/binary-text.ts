/**
 * Bytes as a text, and back, without loss: what is UTF-8 is read as such, and any other byte becomes the
 * lone surrogate U+DC00 + byte, which no UTF-8 text can hold (the convention of Python's PEP 383).
 *
 * So `!!binary` values of a configuration are plain texts everywhere but where they are sent.
 */
export function textOfBytes(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0))
        : Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
    at += Math.max(1, length);
  }
  return text;
}

/** The bytes a text stands for: UTF-8, and one byte for each escaped one. */
export function bytesOfText(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, "utf8");
  return Buffer.concat(
    text.split(ESCAPED).map((part, index) => {
      const isEscaped = index % 2 === 1;
      return isEscaped ? Buffer.from([part.charCodeAt(0) - ESCAPE]) : Buffer.from(part, "utf8");
    }),
  );
}

const ESCAPE = 0xdc00;
/** With the flag `u` a surrogate that is half of a pair is not met. */
const ESCAPED = /([\udc80-\udcff])/u;

/** Bytes of the character that begins at `at`; 0 when none does. @see RFC 3629 section 4 */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  const isTail = (byte: number): boolean => (byte & 0xc0) === 0x80;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return isTail(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const isShort = first === 0xe0 && second < 0xa0;
    const isSurrogate = first === 0xed && second > 0x9f;
    return isTail(second) && isTail(third) && !isShort && !isSurrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const isShort = first === 0xf0 && second < 0x90;
    const isBeyond = first === 0xf4 && second > 0x8f;
    const isWhole = isTail(second) && isTail(third) && isTail(fourth);
    return isWhole && !isShort && !isBeyond ? 4 : 0;
  }
  return 0;
}

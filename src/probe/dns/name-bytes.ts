/** @see RFC 1035 section 2.3.4 */
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;

const BACKSLASH = 0x5c;
const DOT = 0x2e;

export type NameBytes =
  | { readonly kind: "encoded"; readonly bytes: Buffer }
  /** `problem` says what is wrong with the name, as the end of a sentence. */
  | { readonly kind: "failed"; readonly problem: string };

/**
 * A name as in a zone file, on the wire: uncompressed and always complete, with or without its last dot. `\DDD` is a
 * byte, a backslash before anything else takes its meaning away, other characters are UTF-8.
 *
 * @see RFC 1035 sections 3.1, 5.1
 */
export function nameBytes(text: string): NameBytes {
  const source = Buffer.from(text === "." ? "" : text);
  // Never longer than its text with a length in front and the root behind.
  const bytes = Buffer.alloc(source.length + 2);
  let labelAt = 0;
  let at = 1;
  for (let from = 0; from < source.length; from += 1) {
    let byte = source[from] ?? 0;
    if (byte === DOT) {
      const problem = labelProblem(at - labelAt - 1);
      if (problem !== undefined) return problem;
      bytes[labelAt] = at - labelAt - 1;
      labelAt = at;
      at += 1;
      continue;
    }
    if (byte === BACKSLASH) {
      const decimal = /^\d{3}/.exec(source.toString("latin1", from + 1, from + 4))?.[0];
      if (from + 1 === source.length) return failed("ends with a backslash before nothing");
      if (Number(decimal ?? 0) > 255) return failed(`has the byte \\${decimal}, above \\255`);
      byte = decimal === undefined ? (source[from + 1] ?? 0) : Number(decimal);
      from += decimal === undefined ? 1 : decimal.length;
    }
    bytes[at] = byte;
    at += 1;
  }
  const lastBytes = at - labelAt - 1;
  if (lastBytes > 0) {
    const problem = labelProblem(lastBytes);
    if (problem !== undefined) return problem;
    bytes[labelAt] = lastBytes;
    labelAt = at;
  }
  // The root's length, 0, is there already.
  const nameLength = labelAt + 1;
  if (nameLength > MAX_NAME_BYTES) return failed(`has more than ${MAX_NAME_BYTES} bytes`);
  return { kind: "encoded", bytes: bytes.subarray(0, nameLength) };
}

function labelProblem(labelBytes: number): NameBytes | undefined {
  if (labelBytes === 0) return failed("has an empty label: two dots in a row, or one at its start");
  if (labelBytes > MAX_LABEL_BYTES)
    return failed(`has a label of more than ${MAX_LABEL_BYTES} bytes`);
  return undefined;
}

function failed(problem: string): NameBytes {
  return { kind: "failed", problem };
}

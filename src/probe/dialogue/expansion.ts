import type { RegexpMatch } from "../regexps.ts";

/** Longest result: a short template may name a long group many times, and the peer chose the group. */
export const MAX_EXPANDED_BYTES = 2 ** 20;

const DOLLAR = 0x24;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** As Go's `unicode.IsLetter` and `IsDigit`, and the underscore: as many as there are. */
const NAME = /^[\p{L}\p{Nd}_]+/u;
/** Go takes decimal numbers of at most nine digits without leading zeros for numbers of groups. */
const GROUP_NUMBER = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Puts the groups of a match into a template, in the syntax of Go's `Regexp.Expand`: `$1`, `${1}`,
 * `$name`, `${name}`, and `$$` for a dollar sign. A name without braces is as long as it can be, so `$1x`
 * is the group `1x`. A group that is not there or took no part is empty; any other `$` stands for itself.
 *
 * @returns undefined when the result is longer than `MAX_EXPANDED_BYTES`.
 */
export function expandBytes(template: Uint8Array, match: RegexpMatch): Buffer | undefined {
  const parts: Uint8Array[] = [];
  let lengthBytes = 0;
  const add = (part: Uint8Array): boolean => {
    parts.push(part);
    lengthBytes += part.length;
    return lengthBytes <= MAX_EXPANDED_BYTES;
  };
  let at = 0;
  while (at < template.length) {
    const dollarAt = template.indexOf(DOLLAR, at);
    if (dollarAt === -1) break;
    if (!add(template.subarray(at, dollarAt))) return undefined;
    const reference = referenceAt(template, dollarAt + 1);
    at = dollarAt + 1 + reference.lengthBytes;
    const part =
      reference.name === undefined
        ? template.subarray(dollarAt, dollarAt + 1)
        : groupOf(reference.name, match);
    if (!add(part)) return undefined;
  }
  return add(template.subarray(at)) ? Buffer.concat(parts, lengthBytes) : undefined;
}

/** The same for texts; what a group holds is read as UTF-8. */
export function expand(template: string, match: RegexpMatch): string | undefined {
  return expandBytes(Buffer.from(template, "utf8"), match)?.toString("utf8");
}

/** What follows a dollar sign: how much of it belongs to the reference, and the group it names. */
function referenceAt(
  template: Uint8Array,
  at: number,
): { readonly lengthBytes: number; readonly name: string | undefined } {
  if (template[at] === DOLLAR) return { lengthBytes: 1, name: undefined };
  const isBraced = template[at] === OPENING;
  const nameAt = isBraced ? at + 1 : at;
  let wordEndAt = nameAt;
  while (isOfWord(template[wordEndAt])) wordEndAt += 1;
  const word = Buffer.from(template.subarray(nameAt, wordEndAt)).toString("utf8");
  const name = NAME.exec(word)?.[0];
  const none = { lengthBytes: 0, name: undefined };
  if (name === undefined) return none;
  const endAt = nameAt + Buffer.byteLength(name);
  if (!isBraced) return { lengthBytes: endAt - at, name };
  return template[endAt] === CLOSING ? { lengthBytes: endAt + 1 - at, name } : none;
}

/** Letters and digits of ASCII, the underscore, and every byte that may be part of another letter. */
function isOfWord(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte >= 0x80 || /\w/.test(String.fromCharCode(byte));
}

const NOTHING = new Uint8Array();

function groupOf(name: string, { input, spans, names }: RegexpMatch): Uint8Array {
  const number = GROUP_NUMBER.test(name)
    ? Number(name)
    : Object.hasOwn(names, name)
      ? names[name]
      : undefined;
  const span = number === undefined ? undefined : spans[number];
  return span === undefined ? NOTHING : input.subarray(span.start, span.end);
}

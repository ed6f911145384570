import { isUtf8 } from "node:buffer";
import { textOfBytes } from "../runtime/binary-text.ts";

/**
 * Query strings as Go's net/url reads them, because `/probe` must understand what blackbox_exporter
 * does: the first of repeated parameters counts, a pair with a broken escape or a `;` is as if absent.
 */

const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/**
 * The first value of each parameter.
 *
 * @param url As it stood in the request line: ASCII, or bytes as ISO 8859-1.
 */
export function queryOf(url: string): ReadonlyMap<string, string> {
  const start = url.indexOf("?");
  const values = new Map<string, string>();
  if (start === -1) return values;
  for (const pair of url.slice(start + 1).split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const name = queryUnescape(equals === -1 ? pair : pair.slice(0, equals), "latin1");
    const value = queryUnescape(equals === -1 ? "" : pair.slice(equals + 1), "latin1");
    if (name === undefined || value === undefined || values.has(name)) continue;
    values.set(name, value);
  }
  return values;
}

/**
 * As Go's `url.QueryUnescape`: `%41` is a byte, `+` a space. Bytes that are no UTF-8 are kept as `textOfBytes` has them.
 *
 * @returns undefined for a broken escape.
 */
export function queryUnescape(text: string, encoding: "utf8" | "latin1"): string | undefined {
  if (BROKEN_ESCAPE.test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  let end = 0;
  for (let at = 0; at < bytes.length; at += 1, end += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x25) {
      bytes[end] = Number.parseInt(bytes.toString("latin1", at + 1, at + 3), 16);
      at += 2;
    } else {
      bytes[end] = byte === 0x2b ? 0x20 : byte;
    }
  }
  const unescaped = bytes.subarray(0, end);
  return isUtf8(unescaped) ? unescaped.toString("utf8") : textOfBytes(unescaped);
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/** As Go's `%q`: double quotes, everything not printable escaped. */
export function goQuote(text: string): string {
  const escaped = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const known = GO_ESCAPES[character];
    if (known !== undefined) return known;
    const point = character.codePointAt(0) ?? 0;
    // A byte that is no UTF-8 (`textOfBytes`).
    if (point >= 0xdc80 && point <= 0xdcff) return `\\x${(point - 0xdc00).toString(16)}`;
    if (point < 0x80) return `\\x${point.toString(16).padStart(2, "0")}`;
    if (point > 0xffff) return `\\U${point.toString(16).padStart(8, "0")}`;
    return `\\u${point.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** Bytes of a label that get a backslash before them in zone files. */
const SPECIAL_IN_NAMES: ReadonlySet<string> = new Set("\\.'@;()\" ");
/** Bytes of a character string that get one. */
const SPECIAL_IN_STRINGS: ReadonlySet<string> = new Set(['"', "\\"]);

const PLAIN_LABEL = /^[!#-&*-\-/-:<-?A-[\]-~]*$/;
const PLAIN_STRING = /^[ !#-[\]-~]*$/;

const MAX_CHARACTER_CODE_PRINTED = 0x7e;

function escaped(bytes: Buffer, plain: RegExp, special: ReadonlySet<string>): string {
  const text = bytes.toString("latin1");
  if (plain.test(text)) return text;
  let out = "";
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (special.has(character)) out += `\\${character}`;
    else if (code < 0x20 || code > MAX_CHARACTER_CODE_PRINTED) out += escapedByte(code);
    else out += character;
  }
  return out;
}

/** A byte as `\DDD`. @see RFC 1035 section 5.1 */
export function escapedByte(byte: number): string {
  return `\\${String(byte).padStart(3, "0")}`;
}

/** One label of a name as in a zone file. */
export function labelText(bytes: Buffer): string {
  return escaped(bytes, PLAIN_LABEL, SPECIAL_IN_NAMES);
}

/** A character string as in a zone file, without its quotes. */
export function stringText(bytes: Buffer): string {
  return escaped(bytes, PLAIN_STRING, SPECIAL_IN_STRINGS);
}

/**
 * The value of CAA and URI records, with its quotes. It may hold what looks like an escape; miekg/dns reads it as one,
 * so `\065` of the wire is shown as A, and a lone backslash at the end is dropped.
 */
export function octetsText(bytes: Buffer): string {
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const next = bytes.toString("latin1", at + 1, at + 4);
    if (bytes[at] !== 0x5c) {
      out += stringText(bytes.subarray(at, at + 1));
      at += 1;
    } else if (next.startsWith(".")) {
      out += "\\.";
      at += 2;
    } else if (/^\d{3}/.test(next)) {
      out += stringText(Buffer.from([Number(next) & 0xff]));
      at += 4;
    } else {
      out += stringText(bytes.subarray(at + 1, at + 2));
      at += 2;
    }
  }
  return `"${out}"`;
}

const BASE32_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

/** @see RFC 4648 section 7, without padding (RFC 5155 section 3.3) */
export function base32Text(bytes: Uint8Array): string {
  let out = "";
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = ((bits & 0xff) << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      out += BASE32_DIGITS.charAt((bits >> bitCount) & 31);
    }
  }
  if (bitCount > 0) out += BASE32_DIGITS.charAt((bits << (5 - bitCount)) & 31);
  return out;
}

/** The last second that a Date can hold. */
const MAX_UNIX_SECONDS = 8.64e12;

/** UTC, `YYYYMMDDhhmmss`; later times stand still at the end of what a Date can hold. @see RFC 4034 section 3.2 */
export function timeText(unixSeconds: number): string {
  const iso = new Date(Math.min(unixSeconds, MAX_UNIX_SECONDS) * 1000).toISOString();
  return iso.replace(/^\+0*/, "").replace(/\..*$|\D/g, "");
}

import { addressText, isIpv4Mapped } from "../../runtime/address.ts";
import { escapedByte } from "./presentation.ts";
import { type Field } from "./record-fields.ts";
import { MalformedMessageError } from "./wire-reader.ts";

/** Of no parameter. @see RFC 9460 section 14.3.2 */
const INVALID_KEY = 65535;

type Parameter = {
  readonly name: string;
  /** @throws MalformedMessageError for a value that the key cannot have. */
  readonly value: (bytes: Buffer) => string;
};

/** @see RFC 9460 section 7, RFC 9461 section 5 (dohpath), RFC 9540 section 4 (ohttp) */
const PARAMETERS: ReadonlyMap<number, Parameter> = new Map([
  [0, { name: "mandatory", value: keyNames }],
  [1, { name: "alpn", value: protocolNames }],
  [2, { name: "no-default-alpn", value: nothing }],
  [3, { name: "port", value: portNumber }],
  [4, { name: "ipv4hint", value: (bytes) => addresses(bytes, 4) }],
  [5, { name: "ech", value: (bytes) => bytes.toString("base64") }],
  [6, { name: "ipv6hint", value: (bytes) => addresses(bytes, 16) }],
  [7, { name: "dohpath", value: (bytes) => escapedValue(bytes) }],
  [8, { name: "ohttp", value: nothing }],
]);

/** SVCB and HTTPS. @see RFC 9460 section 2.2 */
export const service: Field = (reader) => {
  const words = [String(reader.number16()), reader.name()];
  let lastKey = -1;
  while (!reader.isAtEnd) {
    const key = reader.must16();
    const bytes = reader.exactly(reader.must16());
    if (key === INVALID_KEY) throw bad("has the key 65535, which is none");
    if (key <= lastKey) throw bad("has keys that do not rise");
    lastKey = key;
    const { value = escapedValue } = PARAMETERS.get(key) ?? {};
    words.push(`${keyName(key)}="${value(bytes)}"`);
  }
  return words;
};

function bad(what: string): MalformedMessageError {
  return new MalformedMessageError(`a record SVCB or HTTPS ${what}`);
}

function keyName(key: number): string {
  return key === INVALID_KEY ? "" : (PARAMETERS.get(key)?.name ?? `key${key}`);
}

function keyNames(bytes: Buffer): string {
  if (bytes.length % 2 !== 0) throw bad("has half a key in mandatory");
  const keys = Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16BE(2 * at));
  return keys.map(keyName).join(",");
}

/** Comma and backslash are escaped twice: once for the list, once for the zone file. @see RFC 9460 appendix A.1 */
function protocolNames(bytes: Buffer): string {
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    if (at + 1 + length > bytes.length) throw bad("has a name in alpn that is cut off");
    names.push(escapedValue(bytes.subarray(at + 1, at + 1 + length), ESCAPED_TWICE));
    at += 1 + length;
  }
  return names.join(",");
}

const ESCAPED: Readonly<Record<string, string>> = {
  '"': '\\"',
  ";": "\\;",
  " ": "\\ ",
  "\\": "\\\\",
};
const ESCAPED_TWICE: Readonly<Record<string, string>> = {
  ...ESCAPED,
  ",": "\\\\\\044",
  "\\": "\\\\\\092",
};

function escapedValue(bytes: Buffer, escapes = ESCAPED): string {
  let out = "";
  for (const character of bytes.toString("latin1")) {
    const code = character.charCodeAt(0);
    const isPrinted = code >= 0x20 && code <= 0x7e;
    out += isPrinted ? (escapes[character] ?? character) : escapedByte(code);
  }
  return out;
}

function nothing(bytes: Buffer): string {
  if (bytes.length > 0) throw bad("has a value where there is none");
  return "";
}

function portNumber(bytes: Buffer): string {
  if (bytes.length !== 2) throw bad("has a port that is none");
  return String(bytes.readUInt16BE(0));
}

function addresses(bytes: Buffer, size: number): string {
  if (bytes.length === 0 || bytes.length % size !== 0) throw bad("has a hint that is no address");
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const address = bytes.subarray(at, at + size);
    if (size === 16 && isIpv4Mapped(address)) throw bad("has IPv4 in ipv6hint");
    texts.push(addressText(address));
  }
  return texts.join(",");
}

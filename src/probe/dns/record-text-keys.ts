import { addressText, isIpv4Mapped } from "../../runtime/address.ts";
import { base32Text, timeText } from "./presentation.ts";
import { type Field, ipv6Text, typeBitmap } from "./record-fields.ts";
import type { WireReader } from "./wire-reader.ts";

/** @see RFC 4398 section 2.1 */
const CERTIFICATE_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "PKIX"],
  [2, "SPKI"],
  [3, "PGP"],
  [4, "IPIX"],
  [5, "ISPKI"],
  [6, "IPGP"],
  [7, "ACPKIX"],
  [8, "IACPKIX"],
  [253, "URI"],
  [254, "OID"],
]);

/** Algorithms of DNSSEC. @see https://www.iana.org/assignments/dns-sec-alg-numbers */
export const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [1, "RSAMD5"],
  [2, "DH"],
  [3, "DSA"],
  [5, "RSASHA1"],
  [6, "DSA-NSEC3-SHA1"],
  [7, "RSASHA1-NSEC3-SHA1"],
  [8, "RSASHA256"],
  [10, "RSASHA512"],
  [12, "ECC-GOST"],
  [13, "ECDSAP256SHA256"],
  [14, "ECDSAP384SHA384"],
  [15, "ED25519"],
  [16, "ED448"],
  [252, "INDIRECT"],
  [253, "PRIVATEDNS"],
  [254, "PRIVATEOID"],
]);

/** Words of a SMIMEA certificate have this many characters: zone files are read by words of limited length. */
const WORD_CHARACTERS = 1024;

const text = (...values: readonly (string | number)[]): string[] => values.map(String);

/** CERT. @see RFC 4398 section 2 */
export const certificate: Field = (reader) => {
  const kind = reader.number16();
  const keyTag = reader.number16();
  const algorithm = reader.number8();
  return text(
    CERTIFICATE_TYPES.get(kind) ?? kind,
    keyTag,
    ALGORITHMS.get(algorithm) ?? algorithm,
    reader.rest().toString("base64"),
  );
};

/** SMIMEA. @see RFC 8162 section 2 */
export const certificateAssociation: Field = (reader) => {
  const start = text(reader.number8(), reader.number8(), reader.number8());
  const hex = reader.rest().toString("hex");
  const words: string[] = [];
  // A last word without characters is written too, as miekg/dns does.
  for (let at = 0; at <= hex.length; at += WORD_CHARACTERS) {
    words.push(hex.slice(at, at + WORD_CHARACTERS));
  }
  return [...start, ...words];
};

/** NSEC3PARAM. @see RFC 5155 section 4.2 */
export const hashParameters: Field = (reader) => {
  const start = text(reader.number8(), reader.number8(), reader.number16());
  return [...start, saltText(reader.exactlyOrNone(reader.number8()))];
};

/** NSEC3. @see RFC 5155 section 3.2 */
export const hashedDenial: Field = (reader, header) => {
  const start = text(reader.number8(), reader.number8(), reader.number16());
  const saltBytes = reader.number8();
  if (reader.isAtEnd) return [...start, "-", ""];
  const salt = saltText(reader.exactly(saltBytes));
  const hash = reader.exactlyOrNone(reader.must8());
  return [...start, salt, base32Text(hash), ...typeBitmap(reader, header)];
};

function saltText(bytes: Buffer): string {
  return bytes.length === 0 ? "-" : bytes.toString("hex").toUpperCase();
}

/** HIP. @see RFC 8005 section 5 */
export const hostIdentity: Field = (reader) => {
  const tagBytes = reader.number8();
  const algorithm = reader.number8();
  const keyBytes = reader.number16();
  if (reader.isAtEnd) return text(algorithm, "", "");
  const tag = reader.exactly(tagBytes).toString("hex");
  const key = reader.exactly(keyBytes).toString("base64");
  const servers: string[] = [];
  while (!reader.isAtEnd) servers.push(reader.mustName());
  return text(algorithm, tag, key, ...servers);
};

/** IPSECKEY. @see RFC 4025 section 2 */
export const ipsecKey: Field = (reader) => {
  const precedence = reader.number8();
  const gatewayType = reader.number8();
  const algorithm = reader.number8();
  const gateway = gatewayText(gatewayType, reader);
  const key = reader.rest().toString("base64");
  return text(precedence, gatewayType, algorithm, gateway, key);
};

/** AMTRELAY. @see RFC 8777 section 4.2 */
export const amtRelay: Field = (reader) => {
  const precedence = reader.number8();
  const byte = reader.number8();
  const relayType = byte & 0x7f;
  return text(precedence, byte >> 7, relayType, gatewayText(relayType, reader));
};

/** `<nil>` for an address that is missing. A type that is not in use has no bytes. */
function gatewayText(gatewayType: number, reader: WireReader): string {
  if (gatewayType === 3) return reader.name();
  if (gatewayType !== 1 && gatewayType !== 2) return ".";
  if (reader.isAtEnd) return "<nil>";
  const bytes = reader.exactly(gatewayType === 1 ? 4 : 16);
  if (gatewayType === 1) return addressText(bytes);
  return isIpv4Mapped(bytes) ? addressText(bytes.subarray(12)) : ipv6Text(bytes);
}

/** TKEY, which is written behind a semicolon. @see RFC 2930 section 2 */
export const transactionKey: Field = (reader) => {
  const algorithm = reader.name();
  const inception = timeText(reader.number32());
  const expiration = timeText(reader.number32());
  const start = text(algorithm, inception, expiration, reader.number16(), reader.number16());
  const keyBytes = reader.number16();
  if (reader.isAtEnd) return [...start, ...text(keyBytes, "", 0, "")];
  const key = reader.exactly(keyBytes).toString("hex");
  const otherBytes = reader.must16();
  const other = reader.exactlyOrNone(otherBytes).toString("hex");
  return [...start, ...text(keyBytes, key, otherBytes, other)];
};

/** TSIG, which is written behind a semicolon. @see RFC 8945 section 4.2 */
export const transactionSignature: Field = (reader) => {
  const algorithm = reader.name();
  const signedAt = reader.exactlyOrNone(6);
  const signedSeconds = signedAt.length === 0 ? 0 : signedAt.readUIntBE(0, 6);
  const start = text(algorithm, timeText(signedSeconds), reader.number16());
  const macBytes = reader.number16();
  if (reader.isAtEnd) return [...start, ...text(macBytes, "", 0, 0, 0, "")];
  const mac = reader.exactly(macBytes).toString("hex").toUpperCase();
  const id = reader.must16();
  const error = reader.number16();
  const otherBytes = reader.number16();
  const other = reader.exactlyOrNone(otherBytes).toString("hex");
  return [...start, ...text(macBytes, mac, id, error, otherBytes, other)];
};

import { addressText } from "../../runtime/address.ts";
import { type Field, ipv6Text } from "./record-fields.ts";
import { MalformedMessageError, type WireReader } from "./wire-reader.ts";

/** Thousandths of a second of arc are counted from here. @see RFC 1876 section 2 */
const EQUATOR = 2 ** 31;
const MINUTE = 60_000;
const DEGREE = 60 * MINUTE;
/** Centimetres are counted from 100 km below the ellipsoid. */
const ALTITUDE_BASE_METRES = 100_000;

/** LOC. @see RFC 1876 section 3 */
export const location: Field = (reader) => {
  reader.number8(); // Version, of which there is one.
  const sizes = [reader.number8(), reader.number8(), reader.number8()];
  return [
    arcText(reader.number32(), "N", "S"),
    arcText(reader.number32(), "E", "W"),
    altitudeText(reader.number32()),
    ...sizes.map((size) => `${metresText(size)}m`),
  ];
};

function arcText(wire: number, above: string, below: string): string {
  const arc = Math.abs(wire - EQUATOR);
  const degrees = String(Math.floor(arc / DEGREE)).padStart(2, "0");
  const minutes = String(Math.floor((arc % DEGREE) / MINUTE)).padStart(2, "0");
  const seconds = ((arc % MINUTE) / 1000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${wire > EQUATOR ? above : below}`;
}

function altitudeText(centimetres: number): string {
  const metres = centimetres / 100 - ALTITUDE_BASE_METRES;
  return `${metres.toFixed(centimetres % 100 === 0 ? 0 : 2)}m`;
}

/** Centimetres as mantissa and power of ten, in metres. */
function metresText(size: number): string {
  const mantissa = size >> 4;
  const exponent = size & 0xf;
  if (exponent >= 2) return `${mantissa}${"0".repeat(exponent - 2)}`;
  return `0.${String(exponent === 1 ? mantissa * 10 : mantissa).padStart(2, "0")}`;
}

/** Bytes of an address by its number of family. @see RFC 3123 section 4 */
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [1, 4],
  [2, 16],
]);

/** APL. @see RFC 3123 section 5 */
export const addressPrefixes: Field = (reader) => {
  const prefixes: string[] = [];
  while (!reader.isAtEnd) prefixes.push(prefixText(reader));
  return prefixes;
};

function prefixText(reader: WireReader): string {
  const family = reader.must16();
  const prefixBits = reader.must8();
  const byte = reader.must8();
  const addressBytes = ADDRESS_BYTES.get(family);
  const part = byte & 0x7f;
  if (addressBytes === undefined || prefixBits > addressBytes * 8 || part > addressBytes) {
    throw new MalformedMessageError("a record APL has a prefix that is none");
  }
  const bytes = reader.exactly(part);
  if (bytes.at(-1) === 0) {
    throw new MalformedMessageError("a record APL has an address that ends with zeros");
  }
  const address = Buffer.concat([bytes, Buffer.alloc(addressBytes - part)]);
  const text = family === 1 ? addressText(address) : ipv6Text(address);
  return `${byte >> 7 === 1 ? "!" : ""}${family}:${text}/${prefixBits}`;
}

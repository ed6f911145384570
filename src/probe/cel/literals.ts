import { CelSyntaxError, type Token } from "./tokens.ts";
import { type CelValue, Unsigned } from "./value.ts";

export const MAX_INT: bigint = 2n ** 63n - 1n;
export const MIN_INT: bigint = -(2n ** 63n);
export const MAX_UINT: bigint = 2n ** 64n - 1n;

const ESCAPE =
  /\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]?))/g;
const LETTERS: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * The value of a number, a text or bytes as they are written.
 *
 * @param isNegative Whether a minus stands before a number: only so can the least int be written.
 * @throws CelSyntaxError
 */
export function literalOf(token: Token, isNegative = false): CelValue {
  const { kind, text, at } = token;
  switch (kind) {
    case "int": {
      const value = isNegative ? -BigInt(text) : BigInt(text);
      if (value >= MIN_INT && value <= MAX_INT) return value;
      throw new CelSyntaxError(`${text} is beyond 64 bits`, at);
    }
    case "uint": {
      const value = BigInt(text);
      if (!isNegative && value <= MAX_UINT) return new Unsigned(value);
      throw new CelSyntaxError(`${text}u is beyond 64 bits without a sign`, at);
    }
    case "double":
      return isNegative ? -Number(text) : Number(text);
    case "string":
      return token.isRaw ? text : unescaped(token, String.fromCodePoint);
    case "bytes":
      return bytesOf(token);
    case "name":
    case "sign":
    case "end":
      throw new CelSyntaxError(`${JSON.stringify(text)} is no value`, at);
  }
}

function unescaped({ text, at, kind }: Token, octet: (code: number) => string): string {
  return text.replace(
    ESCAPE,
    (whole, letter?: string, hex?: string, four?: string, eight?: string, octal?: string) => {
      if (letter !== undefined) return LETTERS[letter] ?? letter;
      if (hex !== undefined) return octet(Number.parseInt(hex, 16));
      if (octal !== undefined) return octet(Number.parseInt(octal, 8));
      const code = Number.parseInt(four ?? eight ?? "", 16);
      const isCharacter = code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff);
      if (kind === "string" && isCharacter) return String.fromCodePoint(code);
      throw new CelSyntaxError(`${whole} is no escape: write \\\\ for a backslash`, at);
    },
  );
}

/** In bytes `\x` and `\377` stand for one octet; every other character for its UTF-8. */
function bytesOf(token: Token): Uint8Array {
  if (token.isRaw) return Buffer.from(token.text);
  const octets: Buffer[] = [];
  let from = 0;
  const { text } = token;
  for (const found of text.matchAll(ESCAPE)) {
    octets.push(Buffer.from(text.slice(from, found.index)));
    octets.push(
      Buffer.from(unescaped({ ...token, text: found[0] }, String.fromCharCode), "latin1"),
    );
    from = found.index + found[0].length;
  }
  octets.push(Buffer.from(text.slice(from)));
  return Buffer.concat(octets);
}

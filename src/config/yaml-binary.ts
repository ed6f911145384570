import { textOfBytes } from "../runtime/binary-text.ts";

/** The tag `!!binary`. @see https://yaml.org/type/binary.html */
export const BINARY_TAG = "tag:yaml.org,2002:binary";

/** RFC 4648 section 4, with its padding. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The text that a binary value stands for (`binary-text.ts`); undefined when it is no base64. White space may stand anywhere. */
export function binaryText(source: string): string | undefined {
  const base64 = source.replace(/\s+/g, "");
  return BASE64.test(base64) ? textOfBytes(Buffer.from(base64, "base64")) : undefined;
}

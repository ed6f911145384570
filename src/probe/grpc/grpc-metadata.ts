import * as z from "zod";
import { bytesOfText } from "../../runtime/binary-text.ts";
import { quote } from "../../runtime/found.ts";
import { secret } from "../../runtime/secrets.ts";

const MAX_KEYS = 100;
const MAX_VALUES = 100;
/** All keys and values together; servers take less. */
const MAX_BYTES = 64 * 1024;
const KEY = /^[0-9a-z_.-]+$/;
/** gRPC: PROTOCOL-HTTP2.md, "ASCII-Value". */
const VALUE = /^[\x20-\x7e]*$/;

/** Why a key cannot be set. Names of HTTP/1.1's connection do not exist in HTTP/2 (RFC 9113 section 8.2.2). */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ["content-type", "it is application/grpc in every call"],
  ["content-length", "a call has none"],
  ["te", "it is sent by itself"],
  ["user-agent", "it is the agent's own"],
  ["host", "write tls_config.server_name, or the name in the target"],
  ["connection", "HTTP/2 has no such header"],
  ["keep-alive", "HTTP/2 has no such header"],
  ["proxy-connection", "HTTP/2 has no such header"],
  ["transfer-encoding", "HTTP/2 has no such header"],
  ["upgrade", "HTTP/2 has no such header"],
]);

/** What is wrong with a key and its values, as one sentence without a value in it. */
function problemOf(key: string, values: readonly string[]): string | undefined {
  if (!KEY.test(key)) {
    return `${quote(key)} is no key of metadata: write letters, digits, - _ and . only`;
  }
  const why = key.startsWith("grpc-") ? "keys in grpc- belong to gRPC itself" : RESERVED.get(key);
  if (why !== undefined) return `metadata ${key} cannot be set, ${why}: remove this key`;
  if (key.endsWith("-bin") || values.every((value) => VALUE.test(value))) return undefined;
  return `a value of metadata ${key} holds a line break or a character beyond ASCII: give the key a name that ends in -bin, whose values may be any text`;
}

/**
 * The `metadata:` mapping, keys in lower case. A value of a key in `-bin` is the text itself, or
 * `!!binary`: the call puts it in base64.
 */
export const grpcMetadata = z
  .record(z.string(), z.array(secret).max(MAX_VALUES))
  .superRefine((metadata, context) => {
    const keys = Object.keys(metadata);
    if (keys.length > MAX_KEYS) {
      context.addIssue({
        code: "custom",
        message: `has ${keys.length} keys, at most ${MAX_KEYS} are allowed`,
      });
    }
    const seen = new Set<string>();
    let bytes = 0;
    for (const key of keys) {
      const values = metadata[key] ?? [];
      for (const value of values) bytes += key.length + Buffer.byteLength(value);
      const lowerKey = key.toLowerCase();
      const problem = seen.has(lowerKey)
        ? `metadata ${key} is there twice (the case of letters makes no difference): put all values in one list`
        : problemOf(lowerKey, values);
      seen.add(lowerKey);
      if (problem !== undefined) {
        context.addIssue({ code: "custom", path: [key], message: problem });
      }
    }
    if (bytes > MAX_BYTES) {
      context.addIssue({
        code: "custom",
        message: `has ${bytes} bytes, at most ${MAX_BYTES} are allowed`,
      });
    }
  })
  .transform(
    (metadata): Readonly<Record<string, readonly string[]>> =>
      Object.fromEntries(
        Object.entries(metadata).map(([key, values]) => [key.toLowerCase(), values]),
      ),
  );

/** The metadata as headers. @see gRPC: PROTOCOL-HTTP2.md, "Binary-Header": base64, best without padding */
export function metadataHeaders(
  metadata: z.output<typeof grpcMetadata>,
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(metadata).flatMap(([key, values]) =>
    values.map((value) => [key, key.endsWith("-bin") ? unpadded(value) : value] as const),
  );
}

function unpadded(value: string): string {
  return bytesOfText(value).toString("base64").replace(/=+$/, "");
}

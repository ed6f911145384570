import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";

const MAX_SECRET_FILE_BYTES = 64 * 1024;

/** A secret as it is written, or as its file has it now, without the white space around it. */
export async function secretOf(
  key: string,
  inline: string | undefined,
  file: string | undefined,
  files: FileCache,
): Promise<{ readonly kind: "read"; readonly text: string } | Failed> {
  if (file === undefined) return { kind: "read", text: inline ?? "" };
  const read = await files.readSecret(file, MAX_SECRET_FILE_BYTES);
  return read.kind === "failed" ? failed("credentials_file", `${key}: ${read.detail}`) : read;
}

/** Value of Authorization or Proxy-Authorization. @see RFC 7617 section 2 */
export function basicValue(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** User or password as a URL has them; what is no percent-encoding stays as it is. */
export function decodedUserinfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

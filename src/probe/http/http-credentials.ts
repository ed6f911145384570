import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import type { Authentication } from "./http-auth-options.ts";
import { isHeaderValue } from "./request-headers.ts";

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

export type Authorization =
  /** Undefined: nothing of its own is shown. */
  { readonly kind: "authorization"; readonly value: string | undefined } | Failed;

/** What `basic_auth` or `authorization` shows, with what their files hold now. */
export async function writtenAuthorization(
  { basic_auth: basic, authorization: other }: Pick<Authentication, "basic_auth" | "authorization">,
  files: FileCache,
): Promise<Authorization> {
  if (basic !== undefined) {
    const user = await secretOf("username_file", basic.username, basic.username_file, files);
    if (user.kind === "failed") return user;
    const password = await secretOf("password_file", basic.password, basic.password_file, files);
    if (password.kind === "failed") return password;
    return { kind: "authorization", value: basicValue(user.text, password.text) };
  }
  if (other === undefined) return { kind: "authorization", value: undefined };
  const { type, credentials, credentials_file: file } = other;
  const read = await secretOf("credentials_file", credentials, file, files);
  if (read.kind === "failed") return read;
  const value = `${type} ${read.text}`;
  if (isHeaderValue(value)) return { kind: "authorization", value };
  return failed(
    "credentials_file",
    "the credentials hold a line break or a character that no header can carry",
  );
}

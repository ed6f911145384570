import { isIP } from "node:net";
import { quote } from "../../runtime/found.ts";
import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { headerLinesOf } from "./http-headers.ts";
import { type HttpOptions, MAX_REQUEST_BODY_BYTES } from "./http-options.ts";
import type { Step } from "./redirects.ts";
import { headerProblem } from "./request-headers.ts";

const MAX_TARGET_CHARACTERS = 16 * 1024;
const MAX_SECRET_FILE_BYTES = 64 * 1024;

/** Headers that are sent by other means, or that say what is true anyway. */
const NOT_COPIED: ReadonlySet<string> = new Set(["host", "connection", "content-length"]);

/** The URL of a target: one without a scheme gets http://. */
export function targetUrl(target: string): { readonly kind: "url"; readonly url: URL } | Failed {
  if (target.length > MAX_TARGET_CHARACTERS) {
    return failed("bad_target", `the target has ${target.length} characters`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return failed("bad_target", `${scheme}:// is not HTTP: write http:// or https://`);
  }
  const text = scheme === undefined ? `http://${target}` : target;
  if (!URL.canParse(text)) {
    return failed(
      "bad_target",
      `${quote(target)} is no URL: write for example http://example.net/`,
    );
  }
  const url = new URL(text);
  if (url.port === "0") return failed("bad_target", "port 0 cannot be connected to");
  return { kind: "url", url };
}

/** The host to resolve and connect to: a name, or an address without brackets. */
export function hostOfUrl(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

export function portOfUrl(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** A host header's name without its port, as it goes into SNI. */
export function hostWithoutPort(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1];
  return bracketed ?? (isIP(host) === 0 ? host.replace(/:\d*$/, "") : host);
}

export type FirstStep = { readonly kind: "step"; readonly step: Step } | Failed;

/**
 * The first request of a probe: the module's method, body, headers and authentication.
 *
 * @param hostname Takes the place of the module's Host header (`/probe?hostname=`).
 */
export async function firstStep(
  url: URL,
  options: HttpOptions,
  tools: {
    readonly files: FileCache;
    readonly userAgent: string;
    readonly hostname: string | undefined;
  },
): Promise<FirstStep> {
  const hostname = tools.hostname === "" ? undefined : tools.hostname;
  const problem = hostname === undefined ? undefined : headerProblem("Host", hostname);
  if (problem !== undefined) return failed("bad_target", `hostname: ${problem}`);
  const body = await bodyOf(options, tools.files);
  if (body.kind === "failed") return body;
  const headers: (readonly [string, string])[] = [];
  let host: string | undefined;
  let hasAgent = false;
  let hasAuthorization = false;
  for (const [name, value] of Object.entries(options.headers)) {
    const lowerName = name.toLowerCase();
    if (lowerName === "host" && value !== "") host = value;
    if (lowerName === "user-agent") hasAgent = true;
    if (lowerName === "authorization") hasAuthorization = true;
    if (!NOT_COPIED.has(lowerName)) headers.push([name, value]);
  }
  if (!hasAgent) headers.unshift(["User-Agent", tools.userAgent]);
  if (!hasAuthorization) {
    const authorization = await authorizationOf(url, options, tools.files);
    if (authorization.kind === "failed") return authorization;
    if (authorization.value !== undefined) headers.push(["Authorization", authorization.value]);
  }
  const added = await headerLinesOf(options.http_headers, tools.files);
  if (added.kind === "failed") return added;
  headers.push(...added.lines);
  const step: Step = {
    url,
    method: options.method,
    body: body.bytes,
    host: hostname ?? host,
    headers,
    secretNames: added.secretNames,
  };
  return { kind: "step", step };
}

async function bodyOf(
  options: HttpOptions,
  files: FileCache,
): Promise<{ readonly kind: "body"; readonly bytes: Buffer | undefined } | Failed> {
  if (options.body_file === undefined) {
    const bytes = options.body === undefined ? undefined : Buffer.from(options.body);
    return { kind: "body", bytes };
  }
  const read = await files.read(options.body_file, MAX_REQUEST_BODY_BYTES);
  if (read.kind === "failed") return failed("body_file", `body_file: ${read.detail}`);
  return { kind: "body", bytes: read.bytes };
}

type Authorization =
  | { readonly kind: "authorization"; readonly value: string | undefined }
  | Failed;

/** As Prometheus' HTTP client: an Authorization header of the module's own has won before this. */
async function authorizationOf(
  url: URL,
  options: HttpOptions,
  files: FileCache,
): Promise<Authorization> {
  const { basic_auth: basic, authorization: other } = options;
  if (basic !== undefined) {
    const user = await secretOf("username_file", basic.username, basic.username_file, files);
    if (user.kind === "failed") return user;
    const password = await secretOf("password_file", basic.password, basic.password_file, files);
    if (password.kind === "failed") return password;
    return { kind: "authorization", value: basicValue(user.text, password.text) };
  }
  if (other !== undefined) {
    const read = await secretOf(
      "credentials_file",
      other.credentials,
      other.credentials_file,
      files,
    );
    return read.kind === "failed" ? read : headerSafe(`${other.type} ${read.text}`);
  }
  if (options.bearer_token !== undefined || options.bearer_token_file !== undefined) {
    const { bearer_token: token, bearer_token_file: file } = options;
    const read = await secretOf("bearer_token_file", token, file, files);
    return read.kind === "failed" ? read : headerSafe(`Bearer ${read.text}`);
  }
  if (url.username !== "" || url.password !== "") {
    const value = basicValue(decode(url.username), decode(url.password));
    return { kind: "authorization", value };
  }
  return { kind: "authorization", value: undefined };
}

async function secretOf(
  key: string,
  inline: string | undefined,
  file: string | undefined,
  files: FileCache,
): Promise<{ readonly kind: "read"; readonly text: string } | Failed> {
  if (file === undefined) return { kind: "read", text: inline ?? "" };
  const read = await files.readSecret(file, MAX_SECRET_FILE_BYTES);
  return read.kind === "failed" ? failed("credentials_file", `${key}: ${read.detail}`) : read;
}

/** @see RFC 7617 section 2 */
function basicValue(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function headerSafe(value: string): Authorization {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return { kind: "authorization", value };
  return failed(
    "credentials_file",
    "the credentials hold a line break or a character that no header can carry",
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

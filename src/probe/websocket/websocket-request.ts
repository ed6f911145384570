import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { headerLinesOf } from "../http/http-headers.ts";
import { headerProblem } from "../http/request-headers.ts";
import { protocolNames, protocolProblem } from "./websocket-headers.ts";
import type { WebsocketOptions } from "./websocket-options.ts";

const MAX_SECRET_FILE_BYTES = 64 * 1024;

/** What goes along with a handshake. */
export type HandshakeHeaders = {
  readonly kind: "headers";
  /** Without those of the handshake itself; each with all its values. */
  readonly headers: Readonly<Record<string, string[]>>;
  /** Subprotocols offered. */
  readonly protocols: readonly string[];
};

/**
 * The headers of one handshake, with what the module's files hold now. A file that cannot be read fails
 * the probe: without its secret another question would be asked.
 */
export async function handshakeHeaders(
  host: string,
  { headers, http_config: http }: WebsocketOptions,
  tools: { readonly files: FileCache; readonly userAgent: string },
): Promise<HandshakeHeaders | Failed> {
  const collected: Record<string, string[]> = {
    Host: [host],
    "User-Agent": [tools.userAgent],
  };
  let protocols: readonly string[] = [];
  for (const [name, header] of Object.entries(headers)) {
    const read = await headerLinesOf({ [name]: header }, tools.files);
    if (read.kind === "failed") return read;
    const values = read.lines.map(([, value]) => value);
    const lowerName = name.toLowerCase();
    if (lowerName === "sec-websocket-protocol") {
      const problem = protocolProblem(values);
      if (problem !== undefined) return failed("credentials_file", problem);
      protocols = protocolNames(values);
    } else collected[ownName(lowerName) ?? name] = values;
  }
  const authorization = await authorizationOf(http, tools.files);
  if (authorization.kind === "failed") return authorization;
  if (authorization.value !== undefined) collected["Authorization"] = [authorization.value];
  return { kind: "headers", headers: collected, protocols };
}

/** The spelling of a header that is there without being written, so that the module's takes its place. */
function ownName(lowerName: string): string | undefined {
  return ["Host", "User-Agent"].find((own) => own.toLowerCase() === lowerName);
}

type Authorization =
  | { readonly kind: "authorization"; readonly value: string | undefined }
  | Failed;

async function authorizationOf(
  http: WebsocketOptions["http_config"],
  files: FileCache,
): Promise<Authorization> {
  const { basic_auth: basic, authorization: other } = http;
  if (basic !== undefined) {
    const user = await secretOf("username_file", basic.username, basic.username_file, files);
    if (user.kind === "failed") return user;
    const password = await secretOf("password_file", basic.password, basic.password_file, files);
    if (password.kind === "failed") return password;
    const pair = Buffer.from(`${user.text}:${password.text}`);
    return { kind: "authorization", value: `Basic ${pair.toString("base64")}` };
  }
  if (other !== undefined) {
    const { type, credentials, credentials_file: file } = other;
    return typed(type, await secretOf("credentials_file", credentials, file, files));
  }
  const { bearer_token: token, bearer_token_file: file } = http;
  if (token === undefined && file === undefined) return { kind: "authorization", value: undefined };
  return typed("Bearer", await secretOf("bearer_token_file", token, file, files));
}

type Secret = { readonly kind: "read"; readonly text: string } | Failed;

function typed(type: string, secret: Secret): Authorization {
  if (secret.kind === "failed") return secret;
  const value = `${type} ${secret.text}`;
  const problem = headerProblem("Authorization", value);
  return problem === undefined
    ? { kind: "authorization", value }
    : failed("credentials_file", `http_config: ${problem}`);
}

async function secretOf(
  key: string,
  inline: string | undefined,
  file: string | undefined,
  files: FileCache,
): Promise<Secret> {
  if (file === undefined) return { kind: "read", text: inline ?? "" };
  const read = await files.readSecret(file, MAX_SECRET_FILE_BYTES);
  return read.kind === "failed" ? failed("credentials_file", `${key}: ${read.detail}`) : read;
}

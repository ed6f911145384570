import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { withBearerAsAuthorization } from "../http/http-auth-options.ts";
import { writtenAuthorization } from "../http/http-credentials.ts";
import { headerLinesOf } from "../http/http-headers.ts";
import { protocolNames, protocolProblem } from "./websocket-headers.ts";
import type { WebsocketOptions } from "./websocket-options.ts";

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
  const authorization = await writtenAuthorization(withBearerAsAuthorization(http), tools.files);
  if (authorization.kind === "failed") return authorization;
  if (authorization.value !== undefined) collected["Authorization"] = [authorization.value];
  return { kind: "headers", headers: collected, protocols };
}

/** The spelling of a header that is there without being written, so that the module's takes its place. */
function ownName(lowerName: string): string | undefined {
  return ["Host", "User-Agent"].find((own) => own.toLowerCase() === lowerName);
}

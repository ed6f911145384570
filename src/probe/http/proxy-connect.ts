import type { Socket } from "node:net";
import { chooseAddress, familyChoice } from "../../resolve/choose.ts";
import { type Address, parseAddress } from "../../runtime/address.ts";
import type { Attempt } from "../attempt.ts";
import { type Connection, connect, secure, type TlsPlan } from "../connect.ts";
import { unlessAborted } from "../deadline.ts";
import { type Failed, failed } from "../failure.ts";
import type { FamilyOptions } from "../find-address.ts";
import type { Stage, StageClock } from "../stages.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { basicValue } from "./http-credentials.ts";
import type { ProxyOptions } from "./http-route-options.ts";
import type { Proxy } from "./proxy.ts";
import { connectBySocks } from "./socks.ts";
import { openTunnel } from "./tunnel.ts";

/** The way of one request. */
export type Route =
  | { readonly kind: "direct"; readonly address: Address }
  /** `host` is what the proxy is asked to connect to: an address, or a name for it to look up. */
  | { readonly kind: "proxied"; readonly proxy: Proxy; readonly host: string };

export type RouteTools = {
  readonly attempt: Pick<Attempt, "tools" | "stages" | "signal">;
  readonly family: FamilyOptions;
  readonly proxyOptions: ProxyOptions;
  /** For a proxy in https://; as in Go its roots and client certificate are those of the target. */
  readonly tlsOptions: TlsOptions;
};

/** Whether a proxy is asked for the page itself, by the whole URL, and not for a connection. */
export function isAskedByUrl(route: Route, isTls: boolean): boolean {
  if (route.kind === "direct" || isTls) return false;
  return route.proxy.scheme === "http" || route.proxy.scheme === "https";
}

/** A stopwatch that a part of a probe cannot move on: all its time belongs to one stage. */
export function heldStage(current: Stage): StageClock {
  return { current, enter: () => {} };
}

/**
 * The connection a request is written to, TLS to its server included. With a proxy all that comes before that TLS
 * belongs to the stage `connect`: looking the proxy up, connecting and speaking TLS to it, its own connecting.
 *
 * @throws the reason of the attempt's signal; nothing is left open then.
 */
export async function connectRoute(
  route: Route,
  port: number,
  tls: TlsPlan | undefined,
  tools: RouteTools,
): Promise<Connection> {
  const { stages, signal, tools: own } = tools.attempt;
  if (route.kind === "direct") {
    const to = { host: route.address.text, port };
    return await connect(to, tls, { open: own.open, stages, signal });
  }
  stages.enter("connect");
  const reached = await reachProxy(route.proxy, tools);
  if (reached.kind === "failed") return { ...reached, tls: undefined };
  const { socket } = reached;
  if (!isAskedByUrl(route, tls !== undefined)) {
    const refusal = await askForConnection(socket, route, port, tools);
    if (refusal !== undefined) return { ...refusal, tls: undefined };
  }
  if (tls !== undefined) return await secure(socket, tls, { stages, signal });
  stages.enter("request");
  return { kind: "connected", socket, isHttp2: false, tls: undefined };
}

async function reachProxy(
  proxy: Proxy,
  { attempt: { tools, signal }, family, tlsOptions }: RouteTools,
): Promise<{ readonly kind: "reached"; readonly socket: Socket } | Failed> {
  const address = await findProxy(proxy, family, { tools, signal });
  if ("kind" in address) return address;
  let plan: TlsPlan | undefined;
  if (proxy.scheme === "https") {
    const ready = await unlessAborted(tools.tlsContexts.get(tlsOptions), signal);
    if (ready.kind === "failed") return ready;
    plan = {
      context: ready.context,
      serverName: proxy.host,
      isVerified: !tlsOptions.insecure_skip_verify,
      protocols: ["http/1.1"],
    };
  }
  const to = { host: address.text, port: proxy.port };
  const held = { open: tools.open, stages: heldStage("connect"), signal };
  const connection = await connect(to, plan, held);
  if (connection.kind === "connected") return { kind: "reached", socket: connection.socket };
  return failed(
    connection.reason,
    `the proxy ${proxy.host} port ${proxy.port}: ${connection.detail}`,
  );
}

/** The proxy's address. Its look-up is no part of the phase `resolve`, which is the target's. */
async function findProxy(
  proxy: Proxy,
  family: FamilyOptions,
  { tools, signal }: Pick<Attempt, "tools" | "signal">,
): Promise<Address | Failed> {
  const literal = parseAddress(proxy.host);
  if (literal !== undefined) return literal;
  const resolution = await unlessAborted(tools.resolve(proxy.host, signal), signal);
  if (resolution.kind === "failed") {
    return failed(resolution.reason, `the proxy's name: ${resolution.detail}`);
  }
  // A preference is for the target; any address leads to the proxy.
  const choice = familyChoice(family.preferred_ip_protocol, true);
  const address = chooseAddress(resolution.addresses, choice);
  return address ?? failed("dns_no_address", `the proxy ${proxy.host} has no address`);
}

async function askForConnection(
  socket: Socket,
  { proxy, host }: Route & { readonly kind: "proxied" },
  port: number,
  { attempt, proxyOptions }: RouteTools,
): Promise<Failed | undefined> {
  const { signal, tools } = attempt;
  if (proxy.scheme === "socks5" || proxy.scheme === "socks5h") {
    return await connectBySocks(socket, { host, port }, proxy.credentials, signal);
  }
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const headers = connectHeaders(proxy, proxyOptions, tools.userAgent);
  return await openTunnel(socket, { authority, headers }, signal);
}

/** Of CONNECT; credentials in the proxy's URL win over a header of the module's, as in Go. */
function connectHeaders(
  proxy: Proxy,
  options: ProxyOptions,
  userAgent: string,
): readonly (readonly [string, string])[] {
  const authorization = proxyAuthorization(proxy);
  const headers: (readonly [string, string])[] = [];
  let hasAgent = false;
  for (const [name, values] of Object.entries(options.proxy_connect_header)) {
    const lowerName = name.toLowerCase();
    if (lowerName === "host" || lowerName === "content-length") continue;
    if (lowerName === "proxy-authorization" && authorization !== undefined) continue;
    if (lowerName === "user-agent") hasAgent = true;
    for (const value of values) headers.push([name, value]);
  }
  if (!hasAgent) headers.unshift(["User-Agent", userAgent]);
  if (authorization !== undefined) headers.push(["Proxy-Authorization", authorization]);
  return headers;
}

/** What the credentials of a proxy's URL make of `Proxy-Authorization`. @see RFC 7617 section 2 */
export function proxyAuthorization({ credentials }: Proxy): string | undefined {
  if (credentials === undefined) return undefined;
  return basicValue(credentials.user, credentials.password);
}

import type { Environment } from "../../runtime/secrets.ts";
import { type Failed, failed } from "../failure.ts";
import { decodedUserinfo } from "./http-credentials.ts";
import type { ProxyOptions } from "./http-route-options.ts";
import { isWithoutProxy } from "./no-proxy.ts";

/** Longest text of a proxy's URL. */
export const MAX_PROXY_URL_CHARACTERS = 4096;
/** Of each, in bytes: what RFC 1929 can carry. */
export const MAX_SOCKS_CREDENTIAL_BYTES = 255;

const DEFAULT_PORTS = { http: 80, https: 443, socks5: 1080, socks5h: 1080 } as const;
type ProxyScheme = keyof typeof DEFAULT_PORTS;

/** A proxy as its URL names it. */
export type Proxy = {
  /** `socks5` and `socks5h` are the same, as in Go: the proxy looks names up. */
  readonly scheme: ProxyScheme;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Undefined where the URL has neither user nor password. */
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
};

export type ParsedProxy =
  | { readonly kind: "proxy"; readonly proxy: Proxy }
  /** `problem` says what to write instead, and nothing of the text. */
  | { readonly kind: "malformed"; readonly problem: string };

export function parseProxyUrl(text: string): ParsedProxy {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (text.length > MAX_PROXY_URL_CHARACTERS || scheme === undefined || !URL.canParse(text)) {
    return malformed("is no URL of a proxy: write for example http://proxy.example.net:3128");
  }
  if (!isProxyScheme(scheme)) {
    return malformed(`${scheme}:// is no proxy: write http://, https:// or socks5://`);
  }
  const { hostname, port, username, password } = new URL(text);
  if (hostname === "")
    return malformed("has no host: write for example http://proxy.example.net:3128");
  if (port === "0") return malformed("has port 0: write the port that the proxy listens on");
  const credentials =
    username === "" && password === ""
      ? undefined
      : { user: decodedUserinfo(username), password: decodedUserinfo(password) };
  if (credentials !== undefined && scheme.startsWith("socks5") && !isForSocks(credentials)) {
    const most = MAX_SOCKS_CREDENTIAL_BYTES;
    return malformed(
      `has credentials SOCKS cannot carry: a user of 1 to ${most} bytes, a password of at most ${most}`,
    );
  }
  const proxy: Proxy = {
    scheme,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? DEFAULT_PORTS[scheme] : Number(port),
    credentials,
  };
  return { kind: "proxy", proxy };
}

/** Where a request is for, as its URL has it when the proxy is chosen. */
export type RequestPlace = {
  readonly isTls: boolean;
  /** The address where the name was resolved for the proxy, as blackbox_exporter has it; else the name. */
  readonly host: string;
  readonly port: number;
};

export type ProxyChoice =
  | { readonly kind: "direct" }
  | { readonly kind: "proxy"; readonly proxy: Proxy }
  | Failed;

/** Whether the options name a proxy at all, used for each request or not. */
export function hasProxy(options: ProxyOptions): boolean {
  return options.proxy_url !== undefined || options.proxy_from_environment;
}

/** The proxy that a request goes to, if any, by the rules of Go's net/http and httpproxy. */
export function chooseProxy(
  options: ProxyOptions,
  place: RequestPlace,
  environment: () => Environment,
): ProxyChoice {
  const { proxy_url: url, no_proxy: exceptions } = options;
  if (url !== undefined) {
    // Without exceptions even the loopback addresses are asked of it.
    const isDirect = exceptions !== "" && isWithoutProxy(exceptions, place.host, place.port);
    return isDirect ? { kind: "direct" } : chosen("proxy_url", url);
  }
  return options.proxy_from_environment
    ? fromEnvironment(place, environment())
    : { kind: "direct" };
}

function fromEnvironment(place: RequestPlace, environment: Environment): ProxyChoice {
  const name = place.isTls ? "HTTPS_PROXY" : "HTTP_PROXY";
  const text = variable(environment, name);
  if (text === "") return { kind: "direct" };
  // Whoever asks a CGI program can set HTTP_PROXY by a header `Proxy` (CVE-2016-5385).
  if (!place.isTls && variable(environment, "REQUEST_METHOD") !== "") {
    return failed("proxy_refused", "HTTP_PROXY is not taken from the environment of a CGI program");
  }
  if (isWithoutProxy(variable(environment, "NO_PROXY"), place.host, place.port)) {
    return { kind: "direct" };
  }
  return chosen(name, /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
}

/** In capitals first, then in small letters; an empty one counts as none. */
function variable(environment: Environment, name: string): string {
  const upper = environment[name] ?? "";
  if (upper !== "" || name === "REQUEST_METHOD") return upper;
  return environment[name.toLowerCase()] ?? "";
}

function chosen(source: string, text: string): ProxyChoice {
  const parsed = parseProxyUrl(text);
  return parsed.kind === "malformed"
    ? failed("proxy_refused", `${source} ${parsed.problem}`)
    : parsed;
}

function isProxyScheme(scheme: string): scheme is ProxyScheme {
  return Object.hasOwn(DEFAULT_PORTS, scheme);
}

function isForSocks({ user, password }: NonNullable<Proxy["credentials"]>): boolean {
  const most = MAX_SOCKS_CREDENTIAL_BYTES;
  return user !== "" && Buffer.byteLength(user) <= most && Buffer.byteLength(password) <= most;
}

function malformed(problem: string): ParsedProxy {
  return { kind: "malformed", problem };
}

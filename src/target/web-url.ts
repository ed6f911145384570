import { asBytes, badEscape, sentPath, shown } from "./url-escapes.ts";
import { readAuthority, type UrlAuthority } from "./url-host.ts";

/**
 * The parts of a URL that a request is made of, by the names that the platform's own URL has for them.
 *
 * The platform's URL puts in order what it reads: `127.1` and `0x7f000001` become 127.0.0.1, dots are taken out of
 * paths, capitals out of names, backslashes become slashes. blackbox_exporter asks for what is written, and so do we:
 * what is read by `readUrl` is what Go's net/url makes of it.
 */
export type WebUrl = Readonly<
  Pick<
    URL,
    | "protocol"
    | "username"
    | "password"
    | "host"
    | "hostname"
    | "port"
    | "pathname"
    | "search"
    | "origin"
  >
>;

export type ReadUrl =
  | { readonly kind: "url"; readonly url: WebUrl }
  /** Neither http: nor https:, or without a host. */
  | { readonly kind: "foreign"; readonly problem: string }
  | { readonly kind: "malformed"; readonly problem: string };

/** As `ReadUrl`. `isRelative`: it names neither a scheme nor a host, and so leads to no other place. */
export type ReadReference =
  | { readonly kind: "url"; readonly url: WebUrl; readonly isRelative: boolean }
  | Exclude<ReadUrl, { readonly kind: "url" }>;

/** A URL or a part of one that leads on from another. */
type Reference = {
  /** In small letters; empty where there is none. */
  readonly scheme: string;
  /** Undefined where there is no `//`, as in `mailto:ann`. */
  readonly authority: UrlAuthority | undefined;
  /** As Go sends it. */
  readonly path: string;
  readonly query: string;
};
type Malformed = { readonly kind: "malformed"; readonly problem: string };

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const WEB_SCHEME = /^https?$/;

/** A URL without the password it may hold. */
export function urlText({ origin, pathname, search }: WebUrl): string {
  return `${origin}${pathname}${search}`;
}

/** Reads a whole URL. One without a host is left to fail when its host is looked up, as in blackbox_exporter. */
export function readUrl(text: string): ReadUrl {
  const read = readReference(asBytes(text));
  if ("kind" in read) return read;
  const { scheme, authority, path, query } = read;
  if (!WEB_SCHEME.test(scheme) || authority === undefined) {
    return { kind: "foreign", problem: `${scheme}: is not HTTP` };
  }
  return { kind: "url", url: webUrl(scheme, authority, path, query) };
}

/**
 * Where a reference leads from a URL, by RFC 3986 section 5.2 as Go has it.
 *
 * @param text A byte a character, as a header gives it.
 */
export function readReferenceFrom(base: WebUrl, text: string): ReadReference {
  const read = readReference(text);
  if ("kind" in read) return read;
  const scheme = read.scheme === "" ? base.protocol.slice(0, -1) : read.scheme;
  if (!WEB_SCHEME.test(scheme)) return { kind: "foreign", problem: `${scheme}: is not HTTP` };
  const { authority } = read;
  if (read.scheme !== "" || isNamed(authority)) {
    if (authority === undefined || authority.hostname === "") {
      return { kind: "foreign", problem: "it names no host" };
    }
    const path = withoutDots(read.path);
    return { kind: "url", url: webUrl(scheme, authority, path, read.query), isRelative: false };
  }
  const isSamePage = read.path === "" && read.query === "";
  const path = withoutDots(joined(base.pathname, read.path));
  const baseQuery = base.search === "?" ? "" : base.search;
  const query = isSamePage ? baseQuery : read.query;
  return { kind: "url", url: webUrl(scheme, base, path, query), isRelative: true };
}

/** Whether anything stands behind the `//`. */
function isNamed(authority: UrlAuthority | undefined): boolean {
  if (authority === undefined) return false;
  return authority.hostname !== "" || authority.username !== "" || authority.password !== "";
}

function webUrl(scheme: string, authority: UrlAuthority, path: string, query: string): WebUrl {
  const { username, password, host, hostname, port } = authority;
  return {
    protocol: `${scheme}:`,
    username,
    password,
    host,
    hostname,
    port,
    pathname: path === "" ? "/" : path,
    search: query,
    origin: `${scheme}://${host}`,
  };
}

/** @see Go's url.Parse */
function readReference(text: string): Reference | Malformed {
  const hashAt = text.indexOf("#");
  const whole = hashAt < 0 ? text : text.slice(0, hashAt);
  const badInFragment = hashAt < 0 ? undefined : badEscape(text.slice(hashAt));
  if (badInFragment !== undefined) return noEscape(badInFragment);
  if (/[^\x20-\x7e\x80-\xff]/.test(whole)) return malformed("it has a control character");
  if (whole.startsWith(":")) return malformed("it begins with a colon");
  const written = SCHEME.exec(whole)?.[1] ?? "";
  const scheme = written.toLowerCase();
  const afterScheme = written === "" ? whole : whole.slice(written.length + 1);
  const queryAt = afterScheme.indexOf("?");
  // A space would end the target of the request.
  const query = queryAt < 0 ? "" : afterScheme.slice(queryAt).replaceAll(" ", "%20");
  const rest = queryAt < 0 ? afterScheme : afterScheme.slice(0, queryAt);
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { scheme, authority: undefined, path: "", query };
    if (/^[^/]*:/.test(rest)) return malformed("its first part has a colon");
  }
  const hasAuthority = rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"));
  const slashAt = hasAuthority ? rest.indexOf("/", 2) : 0;
  const path = slashAt < 0 ? "" : rest.slice(slashAt);
  const bad = badEscape(path);
  if (!hasAuthority) {
    if (bad !== undefined) return noEscape(bad);
    return { scheme, authority: undefined, path: sentPath(path), query };
  }
  const read = readAuthority(rest.slice(2, slashAt < 0 ? undefined : slashAt));
  if (read.kind === "malformed") return read;
  if (bad !== undefined) return noEscape(bad);
  const { authority } = read;
  return { scheme, authority, path: sentPath(path), query };
}

/** The path that a relative one leads to, dots still in it. */
function joined(base: string, path: string): string {
  if (path === "") return base;
  return path.startsWith("/") ? path : `${base.slice(0, base.lastIndexOf("/") + 1)}${path}`;
}

/** Step by step as Go's resolvePath, for RFC 3986 section 5.2.4 says other things of empty parts. */
function withoutDots(path: string): string {
  if (path === "") return "";
  const parts = path.split("/");
  let kept = "";
  let isFirst = true;
  for (const part of parts) {
    if (part === ".") {
      isFirst = false;
    } else if (part === "..") {
      const slashAt = kept.lastIndexOf("/");
      isFirst = slashAt < 0;
      kept = kept.slice(0, Math.max(0, slashAt));
    } else {
      kept += isFirst ? part : `/${part}`;
      isFirst = false;
    }
  }
  const last = parts.at(-1);
  const ended = last === "." || last === ".." ? `${kept}/` : kept;
  return ended.startsWith("/") ? ended : `/${ended}`;
}

function noEscape(found: string): Malformed {
  return malformed(`${shown(found)} is no escape: write % as %25`);
}

function malformed(problem: string): Malformed {
  return { kind: "malformed", problem };
}

import { isIP } from "node:net";
import type { WebUrl } from "../../target/web-url.ts";

/** RFC 6265 section 6.1 asks for 50 cookies a domain of 4096 bytes; a probe meets few. */
const MAX_COOKIES = 50;
const MAX_COOKIE_CHARACTERS = 4096;

type Cookie = {
  readonly name: string;
  readonly value: string;
  /** Lower case, without a leading dot. */
  readonly domain: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecureOnly: boolean;
};

/**
 * The cookies of one probe, from its redirects to the requests after them.
 *
 * As RFC 6265 section 5, with two cuts: nothing outlives the probe, so only an expiry in the past
 * matters; and without a list of public suffixes a cookie for a single label (`com`) is refused.
 */
export class CookieJar {
  readonly #cookies: Cookie[] = [];

  /** Takes the Set-Cookie lines of an answer from `url`. A line that makes no sense is ignored. */
  store(url: WebUrl, lines: readonly string[], nowSeconds: number): void {
    for (const line of lines) {
      if (line.length > MAX_COOKIE_CHARACTERS) continue;
      const parsed = parse(line, url, nowSeconds);
      if (parsed === undefined) continue;
      const { cookie, isExpired } = parsed;
      const at = this.#cookies.findIndex((kept) => isSame(kept, cookie));
      if (at >= 0) this.#cookies.splice(at, 1);
      if (isExpired || this.#cookies.length >= MAX_COOKIES) continue;
      this.#cookies.push(cookie);
    }
  }

  /** The value of the header Cookie for a request to `url`; undefined for none. RFC 6265 section 5.4. */
  headerFor(url: WebUrl): string | undefined {
    const fitting = this.#cookies.filter(
      (cookie) =>
        (cookie.isHostOnly
          ? hostOf(url) === cookie.domain
          : isWithin(hostOf(url), cookie.domain)) &&
        isPathWithin(url.pathname, cookie.path) &&
        (!cookie.isSecureOnly || url.protocol === "https:"),
    );
    if (fitting.length === 0) return undefined;
    // Longer paths first; of equal ones the older first, which the order of storing gives.
    fitting.sort((a, b) => b.path.length - a.path.length);
    return fitting.map((cookie) => `${cookie.name}=${cookie.value}`).join("; ");
  }
}

function isSame(one: Cookie, other: Cookie): boolean {
  return one.name === other.name && one.domain === other.domain && one.path === other.path;
}

function hostOf(url: WebUrl): string {
  return url.hostname.toLowerCase();
}

/** RFC 6265 section 5.1.3: equal, or below it at a dot; addresses only when equal. */
function isWithin(host: string, domain: string): boolean {
  if (host === domain) return true;
  return host.endsWith(`.${domain}`) && isIP(host) === 0;
}

/** RFC 6265 section 5.1.4. */
function isPathWithin(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  if (!path.startsWith(cookiePath)) return false;
  return cookiePath.endsWith("/") || path[cookiePath.length] === "/";
}

function defaultPath(url: WebUrl): string {
  const lastSlashAt = url.pathname.lastIndexOf("/");
  return lastSlashAt <= 0 ? "/" : url.pathname.slice(0, lastSlashAt);
}

/** RFC 6265 section 4.1.1: what may be in a value; a space, a comma or a quote is let through as browsers do. */
const VALUE = /^[\x20-\x3a\x3c-\x7e\x80-\xff]*$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function parse(
  line: string,
  url: WebUrl,
  nowSeconds: number,
): { readonly cookie: Cookie; readonly isExpired: boolean } | undefined {
  const [pair = "", ...attributes] = line.split(";");
  const equalsAt = pair.indexOf("=");
  const name = pair.slice(0, Math.max(equalsAt, 0)).trim();
  const value = pair.slice(equalsAt + 1).trim();
  if (!NAME.test(name) || !VALUE.test(value)) return undefined;
  let domain = hostOf(url);
  let isHostOnly = true;
  let path = defaultPath(url);
  let isSecureOnly = false;
  let expiresSeconds: number | undefined;
  let maxAgeSeconds: number | undefined;
  for (const attribute of attributes) {
    const [key = "", ...rest] = attribute.split("=");
    const text = rest.join("=").trim();
    switch (key.trim().toLowerCase()) {
      case "domain": {
        const wanted = text.replace(/^\./, "").toLowerCase();
        if (wanted === "") break;
        if (!isWithin(hostOf(url), wanted)) return undefined;
        if (wanted === hostOf(url) && isIP(wanted) !== 0) break;
        if (!wanted.includes(".") && wanted !== hostOf(url)) return undefined;
        domain = wanted;
        isHostOnly = false;
        break;
      }
      case "path":
        path = text.startsWith("/") ? text : defaultPath(url);
        break;
      case "secure":
        isSecureOnly = true;
        break;
      case "expires": {
        const at = Date.parse(text) / 1000;
        if (!Number.isNaN(at)) expiresSeconds = at;
        break;
      }
      case "max-age":
        if (/^-?\d+$/.test(text)) maxAgeSeconds = Number(text);
        break;
    }
  }
  const isExpired =
    maxAgeSeconds === undefined
      ? expiresSeconds !== undefined && expiresSeconds <= nowSeconds
      : maxAgeSeconds <= 0;
  return { cookie: { name, value, domain, isHostOnly, path, isSecureOnly }, isExpired };
}

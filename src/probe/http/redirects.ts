import { isIP } from "node:net";
import { readReferenceFrom, type WebUrl } from "../../target/web-url.ts";
import { type Failed, failed } from "../failure.ts";

/** As blackbox_exporter and Go: the eleventh is not followed. */
export const MAX_REDIRECTS = 10;
const MAX_LOCATION_CHARACTERS = 16 * 1024;

/** What a probe is about to ask for; redirects make the next one of it. */
export type Step = {
  readonly url: WebUrl;
  readonly method: string;
  readonly body: Buffer | undefined;
  /** Host header when it is not that of the URL. */
  readonly host: string | undefined;
  /** Headers of the module, without Host and Content-Length. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Lower-case names of the headers with a secret of the module in them. */
  readonly secretNames: readonly string[];
  /** Whether the module's own credentials may go along: no redirect has led to where they are not meant for. */
  readonly isTrusted: boolean;
  /** Whether all redirects so far were relative: scheme, host and port are those of the first URL. */
  readonly isAtFirstPlace: boolean;
  /** The place that led here, where the module has no Referer of its own. */
  readonly referer: string | undefined;
};

/** Where a redirect leads; "none" when the answer is none that Go's client would follow. */
export type Redirect =
  | { readonly kind: "none" }
  | { readonly kind: "next"; readonly step: Step }
  /** `isCounted` says whether the answer counts as a redirect all the same. */
  | (Failed & { readonly isCounted: boolean });

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What speaks of a body that is no longer sent. */
const BODY_HEADERS: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
]);
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "cookie2",
  "proxy-authorization",
  "www-authenticate",
]);

export function isRedirect(statusCode: number, location: string | undefined): boolean {
  return REDIRECTS.has(statusCode) && location !== undefined && location !== "";
}

/**
 * The request after a redirect, by the rules of Go's net/http: 301, 302 and 303 turn every method
 * but HEAD into GET without a body, 307 and 308 keep both; a Host header of the module's own lasts
 * while locations are relative. The module's credentials go only to the first host and what is below
 * it, beyond Go never from https to http, and do not come back once they were dropped
 * (docs/decisions/0018-credentials-over-redirects.md). A user in the location is of its URL alone.
 *
 * @param location As it came, a byte a character; other bytes than ASCII's are requested as they are.
 * @param firstHost Host name of the first URL of the probe.
 */
export function follow(
  step: Step,
  statusCode: number,
  location: string | undefined,
  firstHost: string,
): Redirect {
  if (location === undefined || !isRedirect(statusCode, location)) return { kind: "none" };
  if (location.length > MAX_LOCATION_CHARACTERS) {
    return lost(`the redirect's location has ${location.length} characters`, true);
  }
  const read = readReferenceFrom(step.url, location);
  if (read.kind === "malformed") {
    return lost(`the redirect's location is no URL: ${read.problem}`, false);
  }
  if (read.kind === "foreign") return lost(`the redirect leads nowhere: ${read.problem}`, true);
  const { url, isRelative } = read;
  const isKept = statusCode === 307 || statusCode === 308;
  const isTrusted =
    step.isTrusted &&
    isAtOrBelow(url.hostname, firstHost) &&
    !(step.url.protocol === "https:" && url.protocol === "http:");
  const headers = step.headers.filter(([name]) => {
    const lowerName = name.toLowerCase();
    if (!isKept && BODY_HEADERS.has(lowerName)) return false;
    return (
      isTrusted || !(CREDENTIAL_HEADERS.has(lowerName) || step.secretNames.includes(lowerName))
    );
  });
  return {
    kind: "next",
    step: {
      url,
      method: isKept || step.method === "HEAD" ? step.method : "GET",
      body: isKept ? step.body : undefined,
      host: isRelative ? step.host : undefined,
      headers,
      secretNames: step.secretNames,
      isTrusted,
      isAtFirstPlace: step.isAtFirstPlace && isRelative,
      referer: refererOf(step.url, url),
    },
  };
}

function lost(detail: string, isCounted: boolean): Redirect {
  return { ...failed("http_redirects", detail), isCounted };
}

/**
 * The page before, as Go tells it, but without its fragment (RFC 9110 section 10.1.3). To another host only where it
 * is: what stands in a path or query is meant for the host that is asked for it.
 */
function refererOf(from: WebUrl, to: WebUrl): string | undefined {
  if (from.protocol === "https:" && to.protocol === "http:") return undefined;
  const path = from.hostname === to.hostname ? `${from.pathname}${from.search}` : "/";
  return `${from.origin}${path}`;
}

function isAtOrBelow(host: string, parent: string): boolean {
  const [lowerHost, lowerParent] = [host.toLowerCase(), parent.toLowerCase()];
  if (lowerHost === lowerParent) return true;
  // An address has nothing below it, and must not pass for a part of a name.
  const isAddress = lowerParent.startsWith("[") || isIP(lowerParent) !== 0;
  return !lowerHost.startsWith("[") && !isAddress && lowerHost.endsWith(`.${lowerParent}`);
}

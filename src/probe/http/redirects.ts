import { type Failed, failed } from "../failure.ts";

/** As blackbox_exporter and Go: the eleventh is not followed. */
export const MAX_REDIRECTS = 10;
const MAX_LOCATION_CHARACTERS = 16 * 1024;

/** What a probe is about to ask for; redirects make the next one of it. */
export type Step = {
  readonly url: URL;
  readonly method: string;
  readonly body: Buffer | undefined;
  /** Host header when it is not that of the URL. */
  readonly host: string | undefined;
  /** Headers of the module with its authentication, without Host, Cookie and Content-Length. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Lower-case names of the headers with a secret of the module in them. */
  readonly secretNames: readonly string[];
};

/** Where a redirect leads; "none" when the answer is none that Go's client would follow. */
export type Redirect =
  | { readonly kind: "none" }
  | { readonly kind: "next"; readonly step: Step }
  | Failed;

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
 * but HEAD into GET without a body, 307 and 308 keep both; credentials go only to the first host
 * and what is below it. Beyond Go they are not carried from https to http either. A Host header of
 * the module's own lasts while locations are relative.
 *
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
    return failed("http_redirects", `the redirect's location has ${location.length} characters`);
  }
  const url = parseUrl(location, step.url);
  if (url === null) return failed("http_redirects", "the redirect's location is no URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return failed("http_redirects", `the redirect leads to ${url.protocol}, which is not HTTP`);
  }
  const isKept = statusCode === 307 || statusCode === 308;
  const isTrusted =
    isAtOrBelow(url.hostname, firstHost) &&
    !(step.url.protocol === "https:" && url.protocol === "http:");
  const headers = step.headers.filter(([name]) => {
    const lowerName = name.toLowerCase();
    if (!isKept && BODY_HEADERS.has(lowerName)) return false;
    return (
      isTrusted || !(CREDENTIAL_HEADERS.has(lowerName) || step.secretNames.includes(lowerName))
    );
  });
  const isRelative = !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(location.trim());
  return {
    kind: "next",
    step: {
      url,
      method: isKept || step.method === "HEAD" ? step.method : "GET",
      body: isKept ? step.body : undefined,
      host: isRelative ? step.host : undefined,
      headers,
      secretNames: step.secretNames,
    },
  };
}

function isAtOrBelow(host: string, parent: string): boolean {
  if (host === parent) return true;
  // An address has nothing below it, and must not pass for a part of a name.
  return !host.startsWith("[") && !parent.startsWith("[") && host.endsWith(`.${parent}`);
}

/** For Node 20, which has no `URL.parse`. */
function parseUrl(text: string, base: URL): URL | null {
  return URL.canParse(text, base.href) ? new URL(text, base) : null;
}

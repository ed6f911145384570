/** What the flags `--web.*` say of the routes. */
export type WebSettings = {
  /** Before every path that is served: `/sounder`; empty for none. */
  readonly routePrefix: string;
  /** Where people reach the agent, without a slash at its end; undefined: where it listens. */
  readonly externalUrl: string | undefined;
  /** Whether `/-/reload` may be used. */
  readonly isLifecycleEnabled: boolean;
};

export type WebPlace =
  | ({ readonly kind: "valid" } & Pick<WebSettings, "routePrefix" | "externalUrl">)
  | {
      readonly kind: "malformed";
      readonly flag: "web.external-url" | "web.route-prefix";
      readonly wanted: string;
    };

/** RFC 3986 section 2.3 and slashes: nothing that a route pattern, a header or a page could read otherwise. */
const PREFIX = /^[A-Za-z0-9._~/-]*$/;
const MAX_CHARACTERS = 1_024;

/**
 * `--web.external-url` and `--web.route-prefix`: the prefix is the path of the URL unless it is given.
 * The URL may also be a path alone.
 */
export function webPlace(flags: {
  readonly externalUrl: string | undefined;
  readonly routePrefix: string | undefined;
}): WebPlace {
  const external = externalOf(flags.externalUrl ?? "");
  if (external === undefined) {
    const wanted =
      "a URL such as https://www.example.net/sounder, without user, query and fragment";
    return { kind: "malformed", flag: "web.external-url", wanted };
  }
  const prefix = flags.routePrefix || external.path;
  if (!PREFIX.test(prefix) || prefix.length > MAX_CHARACTERS) {
    const wanted = 'a path of letters, digits and "-", ".", "_", "~", such as /sounder';
    return { kind: "malformed", flag: "web.route-prefix", wanted };
  }
  return { kind: "valid", routePrefix: trimmed(prefix), externalUrl: external.url };
}

/** The path of an external URL, without a slash at its end. */
export function pathOf(externalUrl: string): string {
  return externalUrl.startsWith("/") ? externalUrl : trimmed(new URL(externalUrl).pathname);
}

/** As blackbox_exporter trims it: one slash before, none at the end; empty for none. */
function trimmed(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, "");
  return inner === "" ? "" : `/${inner}`;
}

function externalOf(
  text: string,
): { readonly url: string | undefined; readonly path: string } | undefined {
  if (text === "") return { url: undefined, path: "" };
  if (text.length > MAX_CHARACTERS) return undefined;
  if (text.startsWith("/") && PREFIX.test(text)) {
    const path = trimmed(text);
    return { url: path === "" ? undefined : path, path };
  }
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { origin, pathname, username, password, search, hash } = new URL(text);
  if ([username, password, search, hash].some((part) => part !== "")) return undefined;
  const path = trimmed(pathname);
  return { url: `${origin}${path}`, path };
}

import { parseAddress } from "../runtime/address.ts";
import { isSearchDomain } from "./host-name.ts";

/** What resolv.conf, its two environment variables and the host's own name say. */
export type ResolvConf = {
  /** At least one; IPv6 may carry a zone. */
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
  /** For one try at one server; undefined when the file does not say. */
  readonly tryTimeoutSeconds: number | undefined;
  /** How often every server is asked. */
  readonly attempts: number;
};

/** What the file is read together with. */
export type ResolvConfContext = {
  /** Its domain is the search list when nothing else is. */
  readonly hostname: string;
  /** `LOCALDOMAIN` replaces the search list, `RES_OPTIONS` adds options (resolv.conf(5)). */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** glibc's MAXNS, RES_MAXNDOTS, RES_MAXRETRANS and RES_MAXRETRY: what lies beyond is cut to them. */
const MAX_NAMESERVERS = 3;
const MAX_NDOTS = 15;
const MAX_TRY_TIMEOUT_SECONDS = 30;
const MAX_ATTEMPTS = 5;
/** glibc has no limit; ours is that of `resolver.search`. */
const MAX_SEARCH_DOMAINS = 32;
const DEFAULT_ATTEMPTS = 2;
/** What glibc asks when the file names nobody, or is not there. */
const DEFAULT_NAMESERVER = "127.0.0.1";

/**
 * Reads resolv.conf as glibc does: a keyword starts its line, of `search` and `domain` the last
 * one wins, unknown words are passed over. Never throws.
 *
 * @param text The file; empty for one that is not there.
 * @see resolv.conf(5); glibc resolv/res_init.c.
 */
export function parseResolvConf(text: string, context: ResolvConfContext): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [keyword = "", ...words] = line.split(/[ \t]+/);
    const [first = ""] = words;
    if (keyword === "nameserver" && parseAddress(first) !== undefined) nameservers.push(first);
    if (keyword === "domain" && first !== "") search = searchDomains([first]);
    if (keyword === "search" && first !== "") search = searchDomains(words);
    if (keyword === "options") options.push(...words);
  }
  const localDomain = context.environment["LOCALDOMAIN"];
  if (localDomain !== undefined) search = searchDomains(localDomain.split(/[ \t\n]+/));
  options.push(...(context.environment["RES_OPTIONS"] ?? "").split(/[ \t]+/));

  const tryTimeout = numberOption(options, "timeout");
  return {
    nameservers:
      nameservers.length === 0 ? [DEFAULT_NAMESERVER] : nameservers.slice(0, MAX_NAMESERVERS),
    search: search ?? searchDomains([domainOf(context.hostname)]),
    ndots: Math.min(numberOption(options, "ndots") ?? 1, MAX_NDOTS),
    tryTimeoutSeconds:
      tryTimeout === undefined
        ? undefined
        : Math.min(Math.max(tryTimeout, 1), MAX_TRY_TIMEOUT_SECONDS),
    attempts: Math.min(
      Math.max(numberOption(options, "attempts") ?? DEFAULT_ATTEMPTS, 1),
      MAX_ATTEMPTS,
    ),
  };
}

function searchDomains(words: readonly string[]): readonly string[] {
  return words
    .filter(isSearchDomain)
    .map((domain) => (domain === "." ? domain : domain.toLowerCase().replace(/\.$/, "")))
    .slice(0, MAX_SEARCH_DOMAINS);
}

function domainOf(hostname: string): string {
  const dotAt = hostname.indexOf(".");
  return dotAt === -1 ? "" : hostname.slice(dotAt + 1);
}

/** The last `name:number` among the options; as for glibc what is no number counts as 0. */
function numberOption(options: readonly string[], name: string): number | undefined {
  const text = options.findLast((option) => option.startsWith(`${name}:`));
  if (text === undefined) return undefined;
  const digits = /^\d{1,6}/.exec(text.slice(name.length + 1))?.[0];
  return Number(digits ?? 0);
}

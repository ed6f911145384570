import type { Labels } from "./labels.ts";

/** What to probe, as configured or discovered. `target` is a host, an address, `host:port`, a URL, or the path of a unix socket. */
export type Target = {
  readonly target: string;
  /** The target's own labels over its group's over the defaults'. */
  readonly labels: Labels;
};

/** Whether a target names a unix socket: by its path, or as `@name` one of Linux's abstract ones (unix(7)). */
export function isSocketPath(target: string): boolean {
  return /^[/@]/.test(target);
}

/**
 * The host of a target: for ICMP a URL is reduced to its host, `[v6]` and `host:port` lose what is
 * around the host. Text that is no target gives itself or an empty text; looking it up will fail.
 * In a URL the `%` of a zone id is written `%25` (RFC 6874 section 2).
 */
export function hostOf(target: string): string {
  const [, scheme, all = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)/i.exec(target) ?? [];
  const authority = all.slice(all.lastIndexOf("@") + 1);
  const bracketed = /^\[([^\]]+)\](?::\d*)?$/.exec(authority);
  if (bracketed !== null) {
    const host = bracketed[1] ?? "";
    return scheme === undefined ? host : host.replace("%25", "%");
  }
  const withPort = /^([^:]*):\d*$/.exec(authority);
  return withPort?.[1] ?? authority;
}

/** The identity of a stream: one (group, module, target, labels) is measured once. */
export function streamKey(group: string, module: string, target: Target): string {
  const labels = Object.entries(target.labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify([group, module, target.target, labels]);
}

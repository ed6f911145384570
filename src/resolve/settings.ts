import type { Logger } from "../runtime/log.ts";
import { CARES_LIMIT_SECONDS } from "./cares.ts";
import type { ServerPlan } from "./exchange.ts";
import { parseHost } from "./host-name.ts";
import type { ResolverOptions } from "./options.ts";
import type { ResolvConf } from "./resolv-conf.ts";
import { parseServerAddress, serverText } from "./server-address.ts";

/** Whom to ask and for what, from the `resolver:` block and the system's file. */
export type Settings = {
  readonly plan: ServerPlan;
  readonly search: readonly string[];
  readonly ndots: number;
};

/** Asked when every server of resolv.conf had to be left out. */
const THIS_MACHINE = "127.0.0.1:53";

/**
 * What the configuration does not say comes from resolv.conf: servers and search list each as a
 * whole, ndots, attempts and the time for one try always.
 */
export function settingsFrom(conf: ResolvConf, configured: ResolverOptions, log: Logger): Settings {
  const servers =
    configured.servers.length > 0 ? usable(configured.servers, log) : usable(conf.nameservers, log);
  if (servers.length === 0) servers.push(THIS_MACHINE);
  return {
    plan: { servers, ...pace(servers.length, conf, configured.timeout) },
    search: configured.search.length > 0 ? configured.search.map(searchText) : conf.search,
    ndots: conf.ndots,
  };
}

/**
 * All tries at all servers fit into the time for the whole question, none longer than resolv.conf
 * says, and so many that c-ares is listening until the end.
 */
function pace(
  servers: number,
  conf: ResolvConf,
  timeoutSeconds: number,
): Pick<ServerPlan, "attempts" | "patienceSeconds"> {
  const shareSeconds = timeoutSeconds / (servers * conf.attempts);
  return {
    attempts: Math.max(conf.attempts, Math.ceil(timeoutSeconds / CARES_LIMIT_SECONDS)),
    patienceSeconds: Math.min(
      shareSeconds,
      conf.tryTimeoutSeconds ?? shareSeconds,
      CARES_LIMIT_SECONDS,
    ),
  };
}

function usable(texts: readonly string[], log: Logger): string[] {
  return texts.flatMap((text) => {
    const server = parseServerAddress(text);
    if (server !== undefined) return [serverText(server)];
    log.warn("Name server is left out: Node.js cannot ask an address with a zone", {
      server: text,
    });
    return [];
  });
}

function searchText(domain: string): string {
  const host = parseHost(domain);
  return host.kind === "name" ? host.name : domain;
}

import { addressText } from "../runtime/address.ts";
import { quote } from "../runtime/found.ts";
import { formsWithoutLookup } from "./literal.ts";
import { createRuleMatcher } from "./rule.ts";
import type { Guard, Permit, Verdict } from "./verdict.ts";

/** One request about to be put to a proxy: where the proxy is asked to go. */
export type ProxiedHop = {
  /** The host of the URL, as `URL.hostname` gives it. */
  readonly host: string;
  readonly port: number;
  /**
   * What the host was resolved to, where the proxy is asked for that address; undefined where it is asked for the
   * name: it resolves that itself, and may find something else.
   */
  readonly address: string | undefined;
};

/**
 * The last word before a request to a proxy or a CONNECT through it, on the place asked for. The proxy's own address
 * is the operator's choice, as the first hop of a continuous probe is, and is not asked about
 * (docs/decisions/0016-policy-and-proxies.md).
 *
 * Where the host is an address in any notation, `localhost`, or was resolved, every rule holds as without a proxy. Of
 * a name that only the proxy resolves no address is known: `deny` and the never-list have nothing to object to, and a
 * permit by rules needs one that names no blocks.
 *
 * @param isFirstHop Whether no redirect led here.
 */
export function guardProxied(
  guard: Guard,
  hop: ProxiedHop,
  permit: Permit,
  isFirstHop: boolean,
): Verdict {
  const { host, port } = hop;
  const addresses = hop.address === undefined ? addressesOf(host) : [hop.address];
  for (const address of addresses) {
    const verdict = guard({ address, port, host }, permit, isFirstHop);
    if (verdict.kind === "refused") return verdict;
  }
  if (addresses.length > 0) return { kind: "allowed" };
  return byName(hop, permit, isFirstHop);
}

function addressesOf(host: string): readonly string[] {
  return formsWithoutLookup(host).flatMap(({ all }) => all.slice(0, 1).map(addressText));
}

function byName({ host, port }: ProxiedHop, permit: Permit, isFirstHop: boolean): Verdict {
  switch (permit.kind) {
    case "continuous":
    case "deny_only":
      return { kind: "allowed" };
    case "path":
      return refused("path", `${quote(host)} is not the socket that was allowed`);
    case "rules": {
      const isRuleMet = createRuleMatcher();
      const subject = {
        module: permit.module,
        host,
        destinations: { kind: "hidden" },
        port: { kind: "port", port },
      } as const;
      if (permit.rules.some((rule) => isRuleMet(rule, subject))) return { kind: "allowed" };
      const where = isFirstHop ? "" : " of the redirect";
      return refused(
        "allow",
        `no rule of probe.allow covers the name ${quote(host)} port ${port}${where}, and its address is known to the proxy alone: add its host to a rule without cidr`,
      );
    }
  }
}

function refused(rule: string, sentence: string): Verdict {
  return { kind: "refused", rule, sentence };
}

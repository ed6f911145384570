import { type Cidr, isInCidr, parseCidr } from "./cidr.ts";
import { matchesHost } from "./host-pattern.ts";
import type { AllowRule } from "./options.ts";

/** Parsed CIDRs kept by their text; rules come anew with every permit, their texts repeat. */
const MAX_KEPT_CIDRS = 65_536;

/** What is known of a hop when a rule is asked. Undefined means "not known yet", which never refutes. */
export type RuleSubject = {
  readonly module: string;
  readonly host: string;
  /** Every form of the address that must be covered; undefined before a name is resolved. */
  readonly destinations: readonly Uint8Array[] | undefined;
  readonly port: PortSubject;
};

export type PortSubject =
  | { readonly kind: "port"; readonly port: number }
  /** ICMP: a rule that names ports does not hold. */
  | { readonly kind: "portless" }
  | { readonly kind: "unknown" };

export type RuleMatcher = (rule: AllowRule, subject: RuleSubject) => boolean;

/** Says whether a rule holds; cheap conditions first. A rule with `path` holds for no network hop. */
export function createRuleMatcher(): RuleMatcher {
  const kept = new Map<string, Cidr | undefined>();
  const cidrOf = (text: string): Cidr | undefined => {
    if (kept.has(text)) return kept.get(text);
    const parsed = parseCidr(text);
    const block = parsed.kind === "parsed" ? parsed.cidr : undefined;
    if (kept.size >= MAX_KEPT_CIDRS) kept.clear();
    kept.set(text, block);
    return block;
  };
  const covers = (texts: readonly string[], address: Uint8Array): boolean =>
    texts.some((text) => {
      const block = cidrOf(text);
      return block !== undefined && isInCidr(address, block);
    });

  return ({ cidr, host, port, module, path }, subject) => {
    if (path !== undefined) return false;
    if (module !== undefined && !module.includes(subject.module)) return false;
    if (port !== undefined && !holdsPort(port, subject.port)) return false;
    if (host !== undefined && !host.some((pattern) => matchesHost(pattern, subject.host))) {
      return false;
    }
    if (cidr === undefined || subject.destinations === undefined) return true;
    return subject.destinations.every((address) => covers(cidr, address));
  };
}

function holdsPort(ports: readonly number[], subject: PortSubject): boolean {
  switch (subject.kind) {
    case "port":
      return ports.includes(subject.port);
    case "portless":
      return false;
    case "unknown":
      return true;
  }
}

import { type Cidr, isInCidr, parseCidr } from "./cidr.ts";
import { matchesHost } from "./host-pattern.ts";
import type { AllowRule } from "./options.ts";

/** Parsed CIDRs kept by their text; rules come anew with every permit, their texts repeat. */
const MAX_KEPT_CIDRS = 65_536;

/** What is known of a hop when a rule is asked. */
export type RuleSubject = {
  readonly module: string;
  readonly host: string;
  readonly destinations: Destinations;
  readonly port: PortSubject;
};

export type Destinations =
  /** Every form of the address that must be covered. */
  | { readonly kind: "known"; readonly forms: readonly Uint8Array[] }
  /** The name will be resolved and the rule asked again: nothing speaks against it yet. */
  | { readonly kind: "unresolved" }
  /** A proxy resolves the name, and nobody here will ever know: a rule that names blocks does not hold. */
  | { readonly kind: "hidden" };

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
  const holdsAddress = (texts: readonly string[], destinations: Destinations): boolean => {
    switch (destinations.kind) {
      case "known":
        return destinations.forms.every((address) => covers(texts, address));
      case "unresolved":
        return true;
      case "hidden":
        return false;
    }
  };

  return ({ cidr, host, port, module, path }, subject) => {
    if (path !== undefined) return false;
    if (module !== undefined && !module.includes(subject.module)) return false;
    if (port !== undefined && !holdsPort(port, subject.port)) return false;
    if (host !== undefined && !host.some((pattern) => matchesHost(pattern, subject.host))) {
      return false;
    }
    return cidr === undefined || holdsAddress(cidr, subject.destinations);
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

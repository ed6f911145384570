import { addressText } from "../runtime/address.ts";
import { quote } from "../runtime/found.ts";
import { cidr, isInCidr } from "./cidr.ts";
import { DENY_SETS, interfaceAddresses, isMetadata, isSelf, neverProbed } from "./named-sets.ts";
import { createRuleMatcher, type RuleMatcher } from "./rule.ts";
import { type AddressForms, addressForms } from "./unwrap.ts";
import type { Guard, GuardData, Hop, Permit, Verdict } from "./verdict.ts";

/**
 * The last word before a connection or an echo, on the address itself and every IPv4 address inside it.
 *
 * The never-list comes first, then `deny`, then the permit's rules; the first that objects is named.
 * A continuous probe's first hop is the operator's own choice and passes unasked.
 *
 * @param data `deny` as the schema let it through; a text that is no CIDR is an error here.
 */
export function createGuard(
  data: GuardData & { readonly localAddresses?: () => readonly string[] },
): Guard {
  const localAddresses = data.localAddresses ?? interfaceAddresses;
  const isMetadataDenied = data.deny.includes("metadata");
  const isSelfDenied = data.deny.includes("self");
  const blocks = data.deny
    .filter((entry) => !DENY_SETS.some((name) => name === entry))
    .map((text) => ({ text, block: cidr(text) }));
  const isRuleMet = createRuleMatcher();

  const denial = (hop: Hop, forms: AddressForms): Verdict | undefined => {
    for (const form of forms.all) {
      if (isMetadataDenied && isMetadata(form)) {
        return refused(
          "deny:metadata",
          `${described(hop, form, forms)} is in the set "metadata" of probe.deny`,
        );
      }
      if (
        isSelfDenied &&
        hop.port !== undefined &&
        isSelf(form, hop.port, data.listen, localAddresses)
      ) {
        return refused(
          "deny:self",
          `${described(hop, form, forms)} port ${hop.port} is this agent itself, which the set "self" of probe.deny refuses`,
        );
      }
      const denied = blocks.find(({ block }) => isInCidr(form, block));
      if (denied !== undefined) {
        return refused("deny", `${described(hop, form, forms)} is in ${denied.text} of probe.deny`);
      }
    }
    return undefined;
  };

  return (hop, permit, isFirstHop) => {
    if (permit.kind === "path") return pathVerdict(hop, permit.path);
    if (permit.kind === "continuous" && isFirstHop) return { kind: "allowed" };
    const forms = addressForms(hop.address);
    if (forms === undefined) {
      return refused("address", `${quote(hop.address)} is not an IP address`);
    }
    return (
      never(hop, forms) ??
      denial(hop, forms) ??
      unruled(hop, forms, permit, isRuleMet) ?? { kind: "allowed" }
    );
  };
}

function pathVerdict({ address, port }: Hop, path: string): Verdict {
  if (address === path && port === undefined) return { kind: "allowed" };
  return refused("path", `${quote(address)} is not the socket that was allowed`);
}

function never(hop: Hop, forms: AddressForms): Verdict | undefined {
  for (const form of forms.all) {
    const what = neverProbed(form);
    if (what !== undefined) {
      return refused("never", `${described(hop, form, forms)} is ${what}, which is never probed`);
    }
  }
  return undefined;
}

function unruled(
  hop: Hop,
  { destinations }: AddressForms,
  permit: Exclude<Permit, { readonly kind: "path" }>,
  isRuleMet: RuleMatcher,
): Verdict | undefined {
  switch (permit.kind) {
    case "continuous":
    case "deny_only":
      return undefined;
    case "rules": {
      const port =
        hop.port === undefined
          ? ({ kind: "portless" } as const)
          : ({ kind: "port", port: hop.port } as const);
      const subject = {
        module: permit.module,
        host: hop.host,
        destinations: { kind: "known", forms: destinations },
        port,
      } as const;
      if (permit.rules.some((rule) => isRuleMet(rule, subject))) return undefined;
      const where = hop.port === undefined ? hop.address : `${hop.address} port ${hop.port}`;
      return refused(
        "allow",
        `no rule of probe.allow covers ${where} (host ${quote(hop.host)}): add its host, cidr or port to a rule`,
      );
    }
  }
}

/** The address as connected to and, if another, the one inside it that objected. */
function described(hop: Hop, form: Uint8Array, forms: AddressForms): string {
  return form === forms.all[0] ? hop.address : `${hop.address} (${addressText(form)} inside)`;
}

function refused(rule: string, sentence: string): Verdict {
  return { kind: "refused", rule, sentence };
}

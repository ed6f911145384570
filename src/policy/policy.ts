import { quote } from "../runtime/found.ts";
import { hostOf } from "../target/target.ts";
import type { PolicyOptions } from "./options.ts";
import { createRuleMatcher } from "./rule.ts";
import { addressForms } from "./unwrap.ts";
import type { Permit } from "./verdict.ts";

/** What is in force: `auto` has been decided. */
export type PolicyMode = "configured" | "any" | "none";

/** One question to `/probe` or the ping API. */
export type ProbeRequest = {
  readonly target: string;
  readonly module: string;
  /** The module's prober, `http` or `icmp`. */
  readonly prober: string;
};

/** Whether a probe may begin. Where it may connect to is the guard's, by the permit. */
export type Admission =
  | { readonly kind: "admitted"; readonly permit: Permit }
  | { readonly kind: "refused"; readonly rule: string; readonly sentence: string };

export type Policy = {
  readonly mode: PolicyMode;
  readonly admit: (request: ProbeRequest) => Admission;
};

/**
 * Admits targets by their text. `auto` means `configured` as soon as the file has a group, else `any`.
 * Rules of `allow` hold in addition, whatever the mode.
 *
 * @param options.groupsTargets Every target string of every group, discovered ones too; asked anew each time.
 */
export function createPolicy({
  options,
  groupsTargets,
  hasGroups,
}: {
  readonly options: PolicyOptions;
  readonly groupsTargets: { readonly has: (target: string) => boolean };
  readonly hasGroups: boolean;
}): Policy {
  const mode = modeOf(options.targets, hasGroups);
  const isRuleMet = createRuleMatcher();

  const isAdmittedByTarget = (target: string): boolean => {
    switch (mode) {
      case "any":
        return true;
      case "configured":
        return groupsTargets.has(target);
      case "none":
        return false;
    }
  };

  const admit = ({ target, module, prober }: ProbeRequest): Admission => {
    // A path is no target of the network: nothing but a rule with `path` may open a socket file.
    if (prober === "unix") {
      return {
        kind: "refused",
        rule: "targets",
        sentence: "unix sockets are not probed on demand",
      };
    }
    if (isAdmittedByTarget(target)) return { kind: "admitted", permit: { kind: "deny_only" } };
    const host = probedHost(target, prober);
    const destinations = addressForms(host)?.destinations;
    const port =
      prober === "icmp" ? ({ kind: "portless" } as const) : ({ kind: "unknown" } as const);
    const isCovered = options.allow.some((rule) =>
      isRuleMet(rule, { module, host, destinations, port }),
    );
    if (!isCovered) return { kind: "refused", rule: "targets", sentence: refusal(mode, target) };
    // A redirect may lead where another rule of the same module holds, so all of them go along.
    const rules = options.allow.filter((rule) => rule.module?.includes(module) ?? true);
    return { kind: "admitted", permit: { kind: "rules", rules, module } };
  };

  return { mode, admit };
}

function modeOf(targets: PolicyOptions["targets"], hasGroups: boolean): PolicyMode {
  if (targets !== "auto") return targets;
  return hasGroups ? "configured" : "any";
}

/** As the prober reads the target: for HTTP a missing scheme is `http://`. */
function probedHost(target: string, prober: string): string {
  const isBare = prober === "http" && !/^https?:\/\//i.test(target);
  return hostOf(isBare ? `http://${target}` : target);
}

function refusal(mode: PolicyMode, target: string): string {
  const quoted = quote(target);
  return mode === "configured"
    ? `target ${quoted} is in no group: add it to a group, or add a rule to probe.allow that covers it`
    : `target ${quoted} is not allowed, because probe.targets is none: add a rule to probe.allow that covers it`;
}

import { quote } from "../runtime/found.ts";
import { literalForms } from "./literal.ts";
import type { PolicyOptions } from "./options.ts";
import { matchesPath, pathProblem } from "./path-pattern.ts";
import { createRuleMatcher, type Destinations } from "./rule.ts";
import { readTarget } from "./target-text.ts";
import type { Permit } from "./verdict.ts";

/** What is in force: `auto` has been decided. */
export type PolicyMode = "configured" | "any" | "none";

/** One question to `/probe` or the ping API. Nothing in it is to be trusted but `module` and `prober`. */
export type ProbeRequest = {
  readonly target: string;
  readonly module: string;
  /** The module's prober, `http` or `tcp`. */
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
    if (prober === "unix") return admitPath(target, module, options.allow);
    if (isAdmittedByTarget(target)) return { kind: "admitted", permit: { kind: "deny_only" } };
    const { host, port } = readTarget(target, prober);
    const subject = { module, host, port, destinations: destinationsOf(host) };
    if (!options.allow.some((rule) => isRuleMet(rule, subject))) {
      return { kind: "refused", rule: "targets", sentence: refusal(mode, target) };
    }
    // A redirect may lead where another rule of the same module holds, so all of them go along.
    const rules = options.allow.filter(
      (rule) => rule.path === undefined && (rule.module?.includes(module) ?? true),
    );
    return { kind: "admitted", permit: { kind: "rules", rules, module } };
  };

  return { mode, admit };
}

/** Which mode is in force: `auto` depends on whether the file has a group. */
export function modeOf(targets: PolicyOptions["targets"], hasGroups: boolean): PolicyMode {
  if (targets !== "auto") return targets;
  return hasGroups ? "configured" : "any";
}

/** A path is no target of the network: in every mode nothing but a rule with `path` opens a socket file. */
function admitPath(path: string, module: string, allow: PolicyOptions["allow"]): Admission {
  const problem = pathProblem(path);
  if (problem !== undefined) return { kind: "refused", rule: "path", sentence: problem };
  const isCovered = allow.some(
    (rule) =>
      (rule.module?.includes(module) ?? true) &&
      (rule.path?.some((pattern) => matchesPath(pattern, path)) ?? false),
  );
  if (isCovered) return { kind: "admitted", permit: { kind: "path", path } };
  const sentence = `the unix socket ${quote(path)} is in the path of no rule of probe.allow, which alone opens one: add it to a rule`;
  return { kind: "refused", rule: "path", sentence };
}

function destinationsOf(host: string): Destinations {
  const forms = literalForms(host)?.destinations;
  return forms === undefined ? { kind: "unresolved" } : { kind: "known", forms };
}

function refusal(mode: PolicyMode, target: string): string {
  const quoted = quote(target);
  return mode === "configured"
    ? `target ${quoted} is in no group: add it to a group, or add a rule to probe.allow that covers it`
    : `target ${quoted} is not allowed, because probe.targets is none: add a rule to probe.allow that covers it`;
}

import type { PolicyMode } from "../policy/policy.ts";

/** What may be probed on demand, in words: the mode in force, whatever `probe.targets` says. */
export function policySentence(mode: PolicyMode): string {
  switch (mode) {
    case "any":
      return "any target may be probed (probe.targets: any)";
    case "configured":
      return "targets of a group and of probe.allow may be probed";
    case "none":
      return "only targets of probe.allow may be probed";
  }
}

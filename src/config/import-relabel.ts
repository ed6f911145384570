import * as z from "zod";
import { quote } from "../runtime/found.ts";

/** What is looked at of one entry of `relabel_configs`, every scalar as its text. */
export const relabelRule = z.looseObject({
  source_labels: z.array(z.string()).nullish(),
  target_label: z.string().nullish(),
  replacement: z.string().nullish(),
  action: z.string().nullish(),
  regex: z.string().nullish(),
});
export type RelabelRule = z.output<typeof relabelRule>;

/** What the relabelling of a job comes to, as far as it is understood. */
export type Relabelled = {
  /** Whether a target of the job is what `/probe` is asked for. */
  readonly isTargetAddress: boolean;
  /** Whether the parameter `target` is made in a way that is not understood. */
  readonly hasForeignTarget: boolean;
  /** Written for the whole job. */
  readonly module: string | undefined;
  /** The label that holds the module of each target. */
  readonly moduleLabel: string | undefined;
  /** Labels that every target gets. */
  readonly labels: Readonly<Record<string, string>>;
};

/**
 * Reads the rules of blackbox_exporter's own documentation and their usual relatives: the address as parameter, as label
 * `instance`, the exporter's address put in its place, the module from a label, constant labels.
 *
 * @param note Told of every rule that is none of these.
 */
export function relabelled(
  rules: readonly RelabelRule[],
  note: (sentence: string) => void,
): Relabelled {
  let isTargetAddress = false;
  let hasForeignTarget = false;
  let module: string | undefined;
  let moduleLabel: string | undefined;
  const labels: Record<string, string> = {};
  for (const [at, rule] of rules.entries()) {
    const { copied, constant } = meaningOf(rule);
    const to = rule.target_label ?? "";
    if (to === "__param_target") {
      if (copied === "__address__") isTargetAddress = true;
      else hasForeignTarget = true;
    } else if (to === "__param_module" && constant !== undefined) {
      module = constant;
    } else if (to === "__param_module" && copied !== undefined) {
      moduleLabel = copied;
    } else if (to === "__address__" && constant !== undefined) {
      // The exporter's own address: Sounder takes its place.
    } else if (to === "instance" && (copied === "__param_target" || copied === "__address__")) {
      // The label `target` says the same.
    } else if (constant !== undefined && to !== "" && !to.startsWith("__")) {
      labels[to] = constant;
    } else {
      const made = to === "" ? "" : `, which makes ${quote(to)}`;
      note(`relabel_configs[${at}]${made}: only the usual rules of such jobs are understood`);
    }
  }
  return { isTargetAddress, hasForeignTarget, module, moduleLabel, labels };
}

/** A label that is copied whole, or a value that is set whatever the labels; neither for every other rule. */
function meaningOf(rule: RelabelRule): {
  readonly copied: string | undefined;
  readonly constant: string | undefined;
} {
  const nothing = { copied: undefined, constant: undefined };
  const isReplace = (rule.action ?? "replace").toLowerCase() === "replace";
  const isWhole = ["(.*)", ".*", "(.+)"].includes(rule.regex ?? "(.*)");
  if (!isReplace || !isWhole) return nothing;
  const sources = rule.source_labels ?? [];
  const { replacement } = rule;
  if (replacement !== undefined && replacement !== null && !/\$/.test(replacement)) {
    // With `.+` it would hold only where the label is there.
    return sources.length === 0 ? { ...nothing, constant: replacement } : nothing;
  }
  const isCopy =
    rule.regex !== ".*" && ["$1", "${1}"].includes(replacement ?? "$1") && sources.length === 1;
  return isCopy ? { ...nothing, copied: sources[0] } : nothing;
}

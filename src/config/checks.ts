import { HTTP3_SENTENCE } from "../probe/http/http3.ts";
import { BUILT_IN_MODULES, type Module, moduleOptions } from "../probe/module.ts";
import { quote } from "../runtime/found.ts";
import { type Labels, MAX_LABELS } from "../target/labels.ts";
import type { DefaultsOptions, GroupOptions } from "../target/options.ts";
import { budgetProblem } from "./budget.ts";
import type { ConfigParts } from "./file.ts";
import { groupFrom } from "./group.ts";
import type { Finding } from "./messages.ts";
import { nearest, orList } from "./suggest.ts";
import { checkTargets } from "./target-checks.ts";
import { checkTimes, mayHave, type Path, type Report } from "./time-checks.ts";
import { speaksHttp3 } from "./warnings.ts";

/** The written modules over the built-in ones; undefined for one that is written but not valid. */
export function allModules(written: ConfigParts["modules"]): Map<string, Module | undefined> {
  const modules = new Map<string, Module | undefined>();
  for (const [name, module] of Object.entries(BUILT_IN_MODULES)) {
    modules.set(name, moduleOptions.parse(module));
  }
  for (const [name, module] of written) modules.set(name, module);
  return modules;
}

/** What is wrong between parts that are valid by themselves. */
export function crossFindings(parts: ConfigParts): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (path, message, aspect = "value") => {
    findings.push({ path, message, aspect });
  };
  const modules = allModules(parts.modules);
  checkNames(parts.groups, report);
  for (const [index, group] of parts.groups.entries()) {
    if (group === undefined) continue;
    const path = ["groups", index];
    checkModules(group, path, modules, report);
    if (parts.defaults === undefined) continue;
    const probers = group.modules.map((name) => modules.get(name)?.prober);
    checkTimes({ group, defaults: parts.defaults, probers, path, report });
    checkBuckets(group, path, probers, report);
    checkLabels(group, parts.defaults, path, report);
    checkTargets(group, path, modules, report);
  }
  if (parts.defaults !== undefined) checkBudget(parts, parts.defaults, modules, report);
  return findings;
}

function checkNames(groups: ConfigParts["groups"], report: Report): void {
  const first = new Map<string, number>();
  for (const [index, group] of groups.entries()) {
    if (group === undefined) continue;
    const taken = first.get(group.name);
    if (taken === undefined) first.set(group.name, index);
    else {
      report(
        ["groups", index, "name"],
        `group name ${quote(group.name)} is taken by groups[${taken}]: a name is unique, choose another or put the targets together`,
      );
    }
  }
}

function checkModules(
  group: GroupOptions,
  path: Path,
  modules: ReadonlyMap<string, Module | undefined>,
  report: Report,
): void {
  for (const [at, name] of group.modules.entries()) {
    const where = [...path, "modules", at];
    if (group.modules.indexOf(name) < at) {
      report(where, `module ${quote(name)} is listed twice: remove one`);
    } else if (!modules.has(name)) {
      report(where, unknownModule(name, [...modules.keys()]));
    } else if (speaksHttp3(modules.get(name))) {
      report(where, `module ${quote(name)} can never succeed: ${HTTP3_SENTENCE}`);
    }
  }
}

function unknownModule(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint = near === undefined ? "" : ` (did you mean ${quote(near)}?)`;
  return `module ${quote(name)} does not exist${hint}: write it under "modules", or one of ${orList(known)}`;
}

function checkBuckets(
  group: GroupOptions,
  path: Path,
  probers: readonly (Module["prober"] | undefined)[],
  report: Report,
): void {
  if (group.buckets === undefined || mayHave("icmp", probers)) return;
  report(
    [...path, "buckets"],
    "buckets: no module of this group is an icmp one: remove this key",
    "key",
  );
}

function checkLabels(
  group: GroupOptions,
  defaults: DefaultsOptions,
  path: Path,
  report: Report,
): void {
  const ofGroup = { ...defaults.labels, ...group.labels };
  if (Object.keys(ofGroup).length > MAX_LABELS) {
    report([...path, "labels"], tooMany(ofGroup, "its defaults"));
    return;
  }
  for (const [at, { labels }] of group.targets.entries()) {
    const merged = { ...ofGroup, ...labels };
    if (Object.keys(merged).length > MAX_LABELS) {
      report([...path, "targets", at, "labels"], tooMany(merged, "its group and the defaults"));
    }
  }
}

function tooMany(labels: Labels, from: string): string {
  return `labels: with those of ${from} there are ${Object.keys(labels).length}, at most ${MAX_LABELS} are allowed: remove some`;
}

function checkBudget(
  parts: ConfigParts,
  defaults: DefaultsOptions,
  modules: ReadonlyMap<string, Module | undefined>,
  report: Report,
): void {
  if (parts.icmp === undefined) return;
  const known = [...modules].filter((entry): entry is [string, Module] => entry[1] !== undefined);
  const groups = parts.groups.flatMap((group) =>
    group === undefined ? [] : [groupFrom(group, defaults)],
  );
  const problem = budgetProblem(groups, Object.fromEntries(known), parts.icmp);
  if (problem !== undefined) report(["groups"], problem, "key");
}

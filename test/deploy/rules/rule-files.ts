import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as yaml from "yaml";
import * as z from "zod";
import { packageRoot } from "../../support/golden.ts";

/** From the package root. */
export const RULES_FOLDER = "deploy/prometheus";
export const RULE_TESTS_FOLDER = "test/deploy/rules";

const recordingRule = z.strictObject({
  record: z.string(),
  expr: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
});
/** What every alert of ours has to have. */
const alertRule = z.strictObject({
  alert: z.string().regex(/^Sounder[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z.string(),
  keep_firing_for: z.string(),
  labels: z.strictObject({ severity: z.enum(["critical", "warning"]) }),
  annotations: z.strictObject({
    summary: z.string().max(200),
    description: z.string().max(700),
    runbook_url: z.string(),
    dashboard_url: z.string(),
  }),
});
const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(z.union([recordingRule, alertRule])),
    }),
  ),
});

export type RecordingRule = z.output<typeof recordingRule>;
export type AlertRule = z.output<typeof alertRule>;
export type RuleGroup = z.output<typeof ruleFile>["groups"][number];

/** File names of the shipped rules, without folders. */
export function ruleFileNames(): readonly string[] {
  return readdirSync(join(packageRoot(), RULES_FOLDER)).filter((name) =>
    name.endsWith(".rules.yml"),
  );
}

/** @throws where a rule lacks something or has what rules do not have. */
export function readGroups(name: string): readonly RuleGroup[] {
  const text = readFileSync(join(packageRoot(), RULES_FOLDER, name), "utf8");
  return ruleFile.parse(yaml.parse(text)).groups;
}

export function allGroups(): readonly RuleGroup[] {
  return ruleFileNames().flatMap(readGroups);
}

export function allRules(): readonly (RecordingRule | AlertRule)[] {
  return allGroups().flatMap(({ rules }) => rules);
}

export function allAlerts(): readonly AlertRule[] {
  return allRules().filter((rule) => "alert" in rule);
}

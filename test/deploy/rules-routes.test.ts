import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as yaml from "yaml";
import * as z from "zod";
import { packageRoot } from "../support/golden.ts";
import { allAlerts } from "./rules/rule-files.ts";

const FILE = "deploy/alertmanager/alertmanager.yml";
const skip =
  spawnSync("amtool", ["--version"]).error === undefined
    ? false
    : "amtool is not installed: install Debian's package prometheus-alertmanager";

const inhibition = z.object({
  inhibit_rules: z.array(
    z.strictObject({
      source_matchers: z.array(z.string()),
      target_matchers: z.array(z.string()),
      equal: z.array(z.string()).default([]),
    }),
  ),
});
type Labels = Readonly<Record<string, string>>;
const ALERTS = allAlerts().map(({ alert }) => alert);
const { inhibit_rules: inhibitRules } = inhibition.parse(
  yaml.parse(readFileSync(join(packageRoot(), FILE), "utf8")),
);

function amtool(...args: readonly string[]): string {
  const ran = spawnSync("amtool", args, {
    cwd: packageRoot(),
    encoding: "utf8",
    timeout: 30_000,
  });
  if (ran.error !== undefined) throw ran.error;
  assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
  return ran.stdout.trim();
}

test("amtool finds the configuration good", { skip }, () => {
  assert.match(amtool("check-config", FILE), /SUCCESS/);
});

for (const { alert, labels } of allAlerts()) {
  const receiver = labels.severity === "critical" ? "page" : "ticket";
  test(`${alert} goes to ${receiver}`, { skip }, () => {
    const words = [`alertname=${alert}`, `severity=${labels.severity}`];
    assert.equal(amtool("config", "routes", "test", `--config.file=${FILE}`, ...words), receiver);
  });
}

test("every inhibition names its alerts on both sides, and only such as there are", () => {
  for (const { source_matchers: source, target_matchers: target } of inhibitRules) {
    for (const matchers of [source, target]) {
      assert.ok(
        matchers.some((matcher) => /^alertname =~? /.test(matcher)),
        matchers.join(),
      );
    }
    for (const name of `${source.join()} ${target.join()}`.match(/\bSounder\w+(?![\w.])/g) ?? []) {
      const isPrefix = ALERTS.some((alert) => alert.startsWith(name));
      assert.ok(isPrefix, `there is no alert ${name}`);
    }
  }
});

const T = { job: "s", instance: "a", group: "g", module: "icmp", target: "t" };
const GATEWAY = { ...T, target: "gw", via: "v", role: "gateway" };
const HIDDEN = { ...T, group: "h", via: "v" };
const cases: readonly {
  readonly name: string;
  readonly source: Labels;
  readonly target: Labels;
  readonly isMuted: boolean;
}[] = [
  {
    name: "an agent that is down mutes its targets",
    source: { alertname: "SounderAgentDown", job: "s", instance: "a" },
    target: { alertname: "SounderTargetDown", ...T },
    isMuted: true,
  },
  {
    name: "and those of no other agent",
    source: { alertname: "SounderAgentDown", job: "s", instance: "b" },
    target: { alertname: "SounderTargetDown", ...T },
    isMuted: false,
  },
  {
    name: "an agent that measures badly mutes loss",
    source: { alertname: "SounderAgentMeasuresBadly", job: "s", instance: "a" },
    target: { alertname: "SounderLossHigh", ...T },
    isMuted: true,
  },
  {
    name: "and no certificate",
    source: { alertname: "SounderAgentMeasuresBadly", job: "s", instance: "a" },
    target: { alertname: "SounderCertificateExpires", ...T },
    isMuted: false,
  },
  {
    name: "a gateway mutes what lies behind it",
    source: { alertname: "SounderTargetDown", ...GATEWAY },
    target: { alertname: "SounderTargetDown", ...HIDDEN },
    isMuted: true,
  },
  {
    name: "and nothing behind another one",
    source: { alertname: "SounderTargetDown", ...GATEWAY },
    target: { alertname: "SounderTargetDown", ...HIDDEN, via: "w" },
    isMuted: false,
  },
  {
    name: "and not what another agent sees",
    source: { alertname: "SounderTargetDown", ...GATEWAY },
    target: { alertname: "SounderTargetDown", ...HIDDEN, instance: "b" },
    isMuted: false,
  },
  {
    name: "a target without a gateway mutes no other without one",
    source: { alertname: "SounderTargetDown", ...T, role: "gateway" },
    target: { alertname: "SounderTargetDown", ...T, target: "u" },
    isMuted: false,
  },
  {
    name: "a gateway does not mute itself by another module",
    source: { alertname: "SounderTargetDown", ...GATEWAY },
    target: { alertname: "SounderTargetDown", ...GATEWAY, module: "tcp" },
    isMuted: false,
  },
  {
    name: "a target that is down mutes its own loss",
    source: { alertname: "SounderTargetDown", ...T },
    target: { alertname: "SounderLossHigh", ...T },
    isMuted: true,
  },
  {
    name: "and not its certificate",
    source: { alertname: "SounderTargetDown", ...T },
    target: { alertname: "SounderCertificateExpires", ...T },
    isMuted: false,
  },
  {
    name: "and not the loss of another",
    source: { alertname: "SounderTargetDown", ...T },
    target: { alertname: "SounderLossHigh", ...T, target: "u" },
    isMuted: false,
  },
  {
    name: "of all addresses of a name each mutes its own",
    source: { alertname: "SounderTargetDown", ...T, address: "192.0.2.1" },
    target: { alertname: "SounderLossHigh", ...T, address: "192.0.2.2" },
    isMuted: false,
  },
  {
    name: "a fast burn mutes a steady one",
    source: { alertname: "SounderSloBurnFast", ...T },
    target: { alertname: "SounderSloBurnSteady", ...T },
    isMuted: true,
  },
  {
    name: "3 days left mute 21 days left",
    source: { alertname: "SounderCertificateExpires", ...T },
    target: { alertname: "SounderCertificateExpiresSoon", ...T },
    isMuted: true,
  },
  {
    name: "no agent at all mutes each of them",
    source: { alertname: "SounderAgentAbsent" },
    target: { alertname: "SounderAgentDown", job: "s", instance: "a" },
    isMuted: true,
  },
  {
    name: "alerts of others are nobody's to mute",
    source: { alertname: "SounderAgentDown", job: "s", instance: "a" },
    target: { alertname: "NodeDown", job: "s", instance: "a" },
    isMuted: false,
  },
];
for (const { name, source, target, isMuted } of cases) {
  test(`inhibition: ${name}`, () => {
    assert.equal(
      inhibitRules.some((rule) => mutes(rule, source, target)),
      isMuted,
    );
  });
}

/** As Alertmanager reads a rule: a label that is missing is one with an empty value. */
function mutes(rule: (typeof inhibitRules)[number], source: Labels, target: Labels): boolean {
  return (
    rule.source_matchers.every((matcher) => matches(matcher, source)) &&
    rule.target_matchers.every((matcher) => matches(matcher, target)) &&
    rule.equal.every((label) => (source[label] ?? "") === (target[label] ?? ""))
  );
}

function matches(matcher: string, labels: Labels): boolean {
  const [, label = "", operator = "", quoted = ""] =
    /^(\w+) (=~|!~|!=|=) (.+)$/.exec(matcher) ?? [];
  const value = labels[label] ?? "";
  const wanted = quoted.replace(/^"(.*)"$/, "$1");
  const isMatch = operator.endsWith("~")
    ? new RegExp(`^(?:${wanted})$`).test(value)
    : value === wanted;
  return operator.startsWith("!") ? !isMatch : isMatch;
}

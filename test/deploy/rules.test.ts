import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { knownMetrics } from "../grafana/known-metrics.ts";
import { parseExpression } from "../grafana/promql.ts";
import { packageRoot } from "../support/golden.ts";
import { promtoolMissing } from "../support/promtool.ts";
import {
  allAlerts,
  allGroups,
  allRules,
  RULE_TESTS_FOLDER,
  RULES_FOLDER,
  ruleFileNames,
} from "./rules/rule-files.ts";

const RULE_TEST_LIMIT_SECONDS = 180;

type Ran = { readonly status: number | null; readonly said: string };

function run(program: string, args: readonly string[]): Ran {
  const ran = spawnSync(program, args, {
    cwd: packageRoot(),
    encoding: "utf8",
    timeout: RULE_TEST_LIMIT_SECONDS * 1000,
  });
  if (ran.error !== undefined) throw ran.error;
  return { status: ran.status, said: `${ran.stdout}${ran.stderr}` };
}

for (const name of ruleFileNames()) {
  test(`promtool finds ${name} good`, { skip: promtoolMissing }, () => {
    const { status, said } = run("promtool", ["check", "rules", join(RULES_FOLDER, name)]);
    assert.equal(status, 0, said);
    assert.doesNotMatch(said, /FAILED|duplicate/);
  });
}

const ruleTests = readdirSync(join(packageRoot(), RULE_TESTS_FOLDER)).filter((name) =>
  name.endsWith(".test.yml"),
);
for (const name of ruleTests) {
  test(`what ${name} claims of the rules is so`, { skip: promtoolMissing }, () => {
    const { status, said } = run("promtool", ["test", "rules", join(RULE_TESTS_FOLDER, name)]);
    assert.equal(status, 0, said);
  });
}

test("each alert fires in a test of the rules, and each of these is an alert", () => {
  const expected = new Set<string>();
  for (const name of ruleTests) {
    const text = readFileSync(join(packageRoot(), RULE_TESTS_FOLDER, name), "utf8");
    for (const [, alert = ""] of text.matchAll(/labels: '\{alertname="(\w+)"/g))
      expected.add(alert);
  }
  assert.deepEqual([...expected].toSorted(), alertNames());
});

test("no alert has two meanings, no group two names", () => {
  const alerts = allAlerts().map(({ alert }) => alert);
  assert.equal(new Set(alerts).size, alerts.length);
  const groups = allGroups().map(({ name }) => name);
  assert.equal(new Set(groups).size, groups.length);
});

const known = knownMetrics();
for (const [index, rule] of allRules().entries()) {
  const name = "alert" in rule ? rule.alert : `${rule.record} (rule ${index})`;
  test(`${name} names only metrics and labels that there are`, () => {
    const { selectors, groupingLabels } = parseExpression(rule.expr);
    const labels = new Set<string>();
    for (const { metric, matchers } of selectors) {
      const own = known.get(metric);
      assert.ok(own !== undefined, `there is no metric ${metric}`);
      for (const { label } of matchers)
        assert.ok(own.has(label), `${metric} has no label ${label}`);
      for (const label of own) labels.add(label);
    }
    for (const label of groupingLabels) assert.ok(labels.has(label), `no label ${label}`);
    if (!("alert" in rule)) return;
    const text = Object.values(rule.annotations).join("\n");
    for (const [, label = ""] of text.matchAll(/\$labels\.(\w+)/g)) {
      assert.ok(labels.has(label) || rule.expr.includes(`"${label}"`), `no label ${label} to show`);
    }
  });
}

for (const { alert, annotations } of allAlerts()) {
  test(`${alert} links to its runbook and to a dashboard that is shipped`, () => {
    assert.equal(annotations.runbook_url, `https://runbooks.example/${alert}.md`);
    const [, uid = ""] =
      /^https:\/\/grafana\.example\/d\/([a-z-]+)(?:$|\?)/.exec(annotations.dashboard_url) ?? [];
    assert.ok(dashboardUids().includes(uid), `there is no dashboard ${uid}`);
  });
}

test("each alert has a runbook with all its parts, and each runbook an alert", () => {
  const folder = join(packageRoot(), "docs/runbooks");
  const pages = readdirSync(folder).filter((name) => name.startsWith("Sounder"));
  assert.deepEqual(pages.map((name) => name.replace(/\.md$/, "")).toSorted(), alertNames());
  const wanted = ["Meaning", "Impact", "Diagnosis", "Remedies", "False alarms"];
  for (const page of pages) {
    const text = readFileSync(join(folder, page), "utf8");
    assert.ok(text.startsWith(`# ${page.replace(/\.md$/, "")}\n`), page);
    const parts = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    assert.deepEqual(parts, wanted, page);
  }
});

test("set-links.sh puts links of one's own into every rule file, and changes nothing else", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sounder-rules-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(RULES_FOLDER, "set-links.sh");
  const links = ["https://wiki.example.net/a", "https://grafana.example.net/"] as const;
  assert.equal(run("sh", [script, ...links, folder]).status, 0);
  for (const name of ruleFileNames()) {
    const shipped = readFileSync(join(packageRoot(), RULES_FOLDER, name), "utf8");
    const wanted = shipped
      .replaceAll("https://runbooks.example/", "https://wiki.example.net/a/")
      .replaceAll("https://grafana.example/", "https://grafana.example.net/");
    assert.equal(readFileSync(join(folder, name), "utf8"), wanted);
  }
});

for (const { name, link } of [
  { name: "no URL", link: "wiki.example.net" },
  { name: "a quote", link: 'https://wiki.example.net/"' },
  { name: "a query", link: "https://wiki.example.net/?a=1" },
]) {
  test(`set-links.sh refuses ${name} and says what to write`, () => {
    const script = join(RULES_FOLDER, "set-links.sh");
    const ran = run("sh", [script, link, "https://grafana.example.net", "never-made"]);
    assert.equal(ran.status, 2);
    assert.match(ran.said, /write a URL/);
  });
}

function alertNames(): readonly string[] {
  return allAlerts()
    .map(({ alert }) => alert)
    .toSorted();
}

function dashboardUids(): readonly string[] {
  const folder = join(packageRoot(), "grafana/dashboards");
  return readdirSync(folder).map((name) => {
    const { uid } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { uid: string };
    return uid;
  });
}

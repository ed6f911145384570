import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dashboard, Panel, VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import * as units from "@grafana/grafana-foundation-sdk/units";
import { UID } from "../../grafana/dashboard.ts";
import { expressionsOf, labelValues, panelsOf, queriesOf, SHIPPED } from "./expressions.ts";
import { parseExpression } from "./promql.ts";

/*
 * The rules of Grafana's dashboard-linter, in its order, and a few of our own. Where it judges some kinds of panels only, here
 * every kind is judged.
 */

const DATA_SOURCE = { type: "prometheus", uid: "${datasource}" };
const UNITS: ReadonlySet<unknown> = new Set(Object.values(units));
const CHANGING = ["rate", "irate", "increase"];

/** What is asked by `/probe` has no group of ours, and its instance is the target; an agent has none either. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  [UID.overview]: ["datasource", "job", "instance", "group", "target"],
  [UID.target]: ["datasource", "job", "instance", "group", "target"],
  [UID.httpAndTls]: ["datasource", "job", "instance", "group", "target"],
  [UID.agent]: ["datasource", "job", "instance", "group"],
  [UID.blackbox]: ["datasource", "job", "instance"],
  [UID.slo]: ["datasource", "job", "instance", "group", "target"],
};

function variablesOf({ templating }: Dashboard): readonly VariableModel[] {
  return templating.list ?? [];
}

function unitsOf(panel: Panel): readonly string[] {
  const { defaults, overrides } = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  const ofColumns = overrides
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === "unit")
    .map(({ value }) => String(value));
  return [String(defaults.unit), ...ofColumns];
}

for (const shipped of SHIPPED) {
  const { uid = "" } = shipped;

  test(`template-datasource-rule: ${uid} has one data source, chosen at the top`, () => {
    const sources = variablesOf(shipped).filter(({ type }) => type === "datasource");
    assert.deepEqual(
      sources.map(({ name, label, query }) => ({ name, label, query })),
      [{ name: "datasource", label: "Data source", query: "prometheus" }],
    );
  });

  test(`variables of ${uid} go from the widest to the narrowest`, () => {
    assert.deepEqual(
      variablesOf(shipped).map(({ name }) => name),
      VARIABLES[uid],
    );
  });

  test(`template-job-rule, template-instance-rule: several may be chosen in ${uid}, or all`, () => {
    for (const variable of variablesOf(shipped).filter(({ type }) => type === "query")) {
      const { name, label, datasource } = variable;
      assert.deepEqual(datasource, DATA_SOURCE, name);
      assert.equal(label?.toLowerCase(), name);
      assert.ok(variable.description !== undefined, name);
      if (uid === UID.target && name === "target") continue;
      assert.deepEqual(
        [variable.multi, variable.includeAll, variable.allValue],
        [true, true, ".+"],
      );
    }
  });

  test(`template-on-time-change-reload-rule: choices of ${uid} are those of the shown time`, () => {
    for (const { name, refresh } of variablesOf(shipped).filter(({ type }) => type === "query")) {
      assert.equal(refresh, 2, name);
    }
  });

  test(`each choice of ${uid} narrows the next`, () => {
    const names: string[] = [];
    for (const { name, query } of variablesOf(shipped).filter(({ type }) => type === "query")) {
      const { metric, label } = labelValues(query);
      assert.equal(label, name);
      const matchers = parseExpression(metric).selectors.flatMap((selector) => selector.matchers);
      assert.deepEqual(
        matchers.map((matcher) => `${matcher.label}${matcher.operator}${matcher.value}`),
        names.map((wider) => `${wider}=~$${wider}`),
        name,
      );
      names.push(name);
    }
  });

  test(`panel-datasource-rule: every panel and annotation of ${uid} asks the chosen data source`, () => {
    for (const { title, datasource } of panelsOf(shipped)) {
      assert.deepEqual(datasource, DATA_SOURCE, title ?? "");
    }
    for (const { name, datasource } of shipped.annotations.list ?? []) {
      assert.deepEqual(datasource, DATA_SOURCE, name);
    }
  });

  test(`panel-title-description-rule: every panel of ${uid} says what it shows`, () => {
    for (const { title, description } of panelsOf(shipped)) {
      assert.ok((title ?? "").length > 0);
      assert.match(description ?? "", /^[A-Z0-9].{20,}\.$/, title ?? "");
    }
    const titles = panelsOf(shipped).map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length, "two panels have one title");
  });

  test(`panel-units-rule: every panel of ${uid} has a unit, every column of a table its own`, () => {
    for (const panel of panelsOf(shipped)) {
      for (const unit of unitsOf(panel)) assert.ok(UNITS.has(unit), `${panel.title}: ${unit}`);
      if (panel.type !== "table") continue;
      assert.equal(unitsOf(panel).length, 1 + queriesOf(panel).length, panel.title ?? "");
    }
  });

  test(`panel-no-targets-rule: every panel of ${uid} asks something`, () => {
    for (const panel of panelsOf(shipped)) {
      assert.ok(queriesOf(panel).length > 0, panel.title ?? "");
    }
  });

  test(`target-promql-rule: every expression of ${uid} is PromQL`, () => {
    for (const { expr } of expressionsOf(shipped)) {
      assert.ok(parseExpression(expr).selectors.length > 0, expr);
    }
  });

  test(`target-rate-interval-rule: rates of ${uid} fit the step and the scrape interval`, () => {
    for (const { place, expr } of expressionsOf(shipped)) {
      for (const selector of parseExpression(expr).selectors) {
        if (!CHANGING.includes(selector.function ?? "")) continue;
        assert.equal(selector.range, "$__rate_interval", place);
      }
    }
  });

  test(`target-job-rule, target-instance-rule: every selector of ${uid} names job and instance`, () => {
    for (const { place, expr } of expressionsOf(shipped).filter(
      ({ from }) => from !== "variable",
    )) {
      for (const { metric, matchers } of parseExpression(expr).selectors) {
        for (const label of ["job", "instance"]) {
          const matcher = matchers.find((one) => one.label === label);
          assert.deepEqual(
            matcher,
            { label, operator: "=~", value: `$${label}` },
            `${place}: ${metric}`,
          );
        }
      }
    }
  });

  test(`every variable of ${uid} is used, and every one used is there`, () => {
    const used = new Set(
      expressionsOf(shipped)
        .filter(({ from }) => from !== "variable")
        .flatMap(({ expr }) => [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name = ""]) => name)),
    );
    const there = variablesOf(shipped).map(({ name }) => name);
    assert.deepEqual([...used].sort(), there.filter((name) => name !== "datasource").sort());
  });

  test(`target-counter-agg-rule: ${uid} shows no counter as it stands`, () => {
    for (const { place, expr } of expressionsOf(shipped).filter(
      ({ from }) => from !== "variable",
    )) {
      for (const selector of parseExpression(expr).selectors) {
        if (!/_(total|bucket|count|sum)$/.test(selector.metric)) continue;
        assert.ok(CHANGING.includes(selector.function ?? ""), `${place}: ${selector.metric}`);
      }
    }
  });

  test(`uneditable-dashboard: ${uid} is changed in its source`, () => {
    assert.equal(shipped.editable, false);
  });

  test(`panels of ${uid} lie side by side, and each keeps its number`, () => {
    const taken = new Set<string>();
    for (const [index, panel] of (shipped.panels ?? []).entries()) {
      assert.equal(panel.id, index + 1);
      const { x = 0, y = 0, w = 0, h = 0 } = panel.gridPos ?? {};
      assert.ok(w > 0 && h > 0 && x + w <= 24, `${panel.title}`);
      for (let column = x; column < x + w; column += 1) {
        for (let row = y; row < y + h; row += 1) {
          assert.ok(!taken.has(`${column} ${row}`), `${panel.title} lies on another panel`);
          taken.add(`${column} ${row}`);
        }
      }
    }
  });
}

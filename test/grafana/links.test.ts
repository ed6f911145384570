import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { UID } from "../../grafana/dashboard.ts";
import { packageRoot } from "../support/golden.ts";
import { panelsOf, SHIPPED } from "./expressions.ts";
import { shippedRules } from "./known-metrics.ts";

const variablesOf = new Map(
  SHIPPED.map(({ uid, templating }) => [
    uid ?? "",
    (templating.list ?? []).map(({ name }) => name),
  ]),
);

/** `/d/uid?var-a=…` anywhere in a text. */
function linksIn(text: string): { readonly uid: string; readonly variables: readonly string[] }[] {
  return [...text.matchAll(/\/d\/([\w-]+)(\?[^"\s]*)?/g)].map(([, uid = "", query = ""]) => ({
    uid,
    variables: [...query.matchAll(/[?&](?:var-|\$\{)(\w+)(?:=|:queryparam)/g)].map(
      ([, name = ""]) => name,
    ),
  }));
}

function assertLeads(text: string): void {
  for (const { uid, variables } of linksIn(text)) {
    const known = variablesOf.get(uid);
    assert.ok(known !== undefined, `no dashboard has the uid ${uid}`);
    for (const name of variables) assert.ok(known.includes(name), `${uid} has no variable ${name}`);
  }
}

test("every dashboard has its uid for ever, and nobody else's", () => {
  assert.deepEqual(
    SHIPPED.map(({ uid }) => uid),
    [UID.overview, UID.target, UID.httpAndTls, UID.agent, UID.blackbox, UID.slo],
  );
});

for (const shipped of SHIPPED) {
  test(`${shipped.uid} leads to all others, and takes its choices where they mean the same`, () => {
    const links = shipped.links ?? [];
    const reached = SHIPPED.filter(({ tags = [] }) =>
      links.some((link) => link.tags.some((tag) => tags.includes(tag))),
    );
    assert.deepEqual(
      reached.map(({ uid }) => uid),
      SHIPPED.map(({ uid }) => uid),
    );
    const isOnDemand = shipped.uid === UID.blackbox;
    for (const { tags, includeVars, keepTime } of links) {
      assert.equal(keepTime, true);
      assert.equal(includeVars, !isOnDemand && tags.includes("sounder"));
    }
  });

  test(`links in panels of ${shipped.uid} lead somewhere`, () => {
    assertLeads(JSON.stringify(panelsOf(shipped)));
  });
}

test("the overview leads from each target to its page", () => {
  const [overview] = SHIPPED;
  const links = linksIn(JSON.stringify(overview?.panels));
  assert.ok(links.filter(({ uid }) => uid === UID.target).length >= 4);
  for (const { variables } of links) assert.deepEqual(variables, ["datasource", "job", "target"]);
});

for (const [file, text] of shippedRules()) {
  test(`dashboard links of ${file} lead somewhere`, () => assertLeads(text));
}

type Provider = { readonly options: { readonly path: string }; readonly allowUiUpdates: boolean };
type Source = { readonly type: string; readonly uid: string; readonly url: string };

function readProvisioning(file: string): unknown {
  return parse(readFileSync(join(packageRoot(), "grafana/provisioning", file), "utf8"));
}

test("provisioning names one folder of dashboards, which nobody edits in place", () => {
  const { apiVersion, providers } = readProvisioning("dashboards/sounder.yml") as {
    apiVersion: number;
    providers: readonly Provider[];
  };
  assert.equal(apiVersion, 1);
  assert.deepEqual(
    providers.map(({ options, allowUiUpdates }) => [options.path, allowUiUpdates]),
    [["/etc/grafana/dashboards", false]],
  );
});

test("provisioning names one Prometheus", () => {
  const { apiVersion, datasources } = readProvisioning("datasources/prometheus.yml") as {
    apiVersion: number;
    datasources: readonly Source[];
  };
  assert.equal(apiVersion, 1);
  assert.deepEqual(
    datasources.map(({ type, uid }) => [type, uid]),
    [["prometheus", "prometheus"]],
  );
});

for (const { uid } of SHIPPED) {
  test(`docs/dashboards.md shows ${uid}`, () => {
    const picture = `docs/images/grafana/${uid}.svg`;
    assert.ok(existsSync(join(packageRoot(), picture)), picture);
    const text = readFileSync(join(packageRoot(), "docs/dashboards.md"), "utf8");
    assert.ok(text.includes(`images/grafana/${uid}.svg`), `docs/dashboards.md lacks ${uid}`);
  });
}

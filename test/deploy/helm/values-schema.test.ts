import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { CHART, chartValues, ciValues, type Map, merged } from "./chart.ts";
import { isMap } from "./template/value.ts";

type Schema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
};

const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8")) as Schema;
const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  schema,
);

/** As Helm: the schema judges the chart's values with the user's over them. */
function problems(values: Map): string[] {
  if (validate(merged(chartValues(), values))) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

for (const [file, values] of ciValues()) {
  test(`the schema takes ${file}`, () => {
    assert.deepEqual(problems(values), []);
  });
}

test("the schema and values.yaml have the same keys, everywhere", () => {
  const differences: string[] = [];
  const compare = (values: Map, { properties = {} }: Schema, path: string): void => {
    // Helm itself sets `global` for charts within charts.
    const known = Object.keys(properties).filter((key) => `${path}${key}` !== "global");
    for (const key of new Set([...known, ...Object.keys(values)])) {
      const own = properties[key];
      const value = values[key];
      if (own === undefined || !known.includes(key) || !(key in values)) {
        differences.push(path + key);
      } else if (own.properties !== undefined && isMap(value) && !path.endsWith("Probe.")) {
        compare(value, own, `${path}${key}.`);
      }
    }
  };
  compare(chartValues(), schema, "");
  // Fields of Kubernetes' own that the chart leaves at their defaults.
  const optional = differences.filter(
    (path) => !/^(liveness|readiness)Probe\.|^resources\./.test(path),
  );
  assert.deepEqual(optional, []);
});

test("each map of the schema says which keys it takes, or that it takes any", () => {
  const open: string[] = [];
  const walk = (own: Schema, path: string): void => {
    const isOpen = own.properties !== undefined && own.additionalProperties !== false;
    if (isOpen) open.push(path);
    for (const [key, inner] of Object.entries(own.properties ?? {})) walk(inner, `${path}.${key}`);
  };
  walk(schema, "");
  assert.deepEqual(
    open.filter((path) => !/\.(ingress|httpRoute)$/.test(path)),
    [],
  );
});

const refused = [
  {
    name: "an unknown key",
    values: { hostNetwork: true },
    says: /additionalProperty":"hostNetwork/,
  },
  { name: "an unknown inner key", values: { web: { prot: 1 } }, says: /\/web .*"prot"/ },
  { name: "another kind", values: { kind: "StatefulSet" }, says: /^\/kind must be equal/ },
  { name: "another network", values: { network: "cni" }, says: /^\/network must be equal/ },
  { name: "a privileged agent", values: { icmpPrivilege: "privileged" }, says: /^\/icmpPrivilege/ },
  { name: "root by its number", values: { runAsUser: 0 }, says: /^\/runAsUser must be >= 1/ },
  { name: "a port that needs root", values: { web: { port: 80 } }, says: /^\/web\/port/ },
  { name: "a port in quotes", values: { web: { port: "10707" } }, says: /must be integer/ },
  { name: "an interval without unit", values: { podMonitor: { interval: "15" } }, says: /pattern/ },
  {
    name: "a flag without dashes",
    values: { extraArgs: ["history.limit=1"] },
    says: /^\/extraArgs/,
  },
  {
    name: "an ingress without hosts",
    values: { ingress: { enabled: true } },
    says: /fewer than 1/,
  },
  {
    name: "a route without gateway",
    values: { httpRoute: { enabled: true } },
    says: /fewer than 1/,
  },
  {
    name: "a Probe without targets",
    values: { probes: [{ name: "a", module: "m" }] },
    says: /targets/,
  },
  { name: "a label that is a number", values: { podLabels: { a: 1 } }, says: /must be string/ },
  { name: "half a digest", values: { image: { digest: "sha256:12" } }, says: /^\/image\/digest/ },
] as const;

for (const { name, values, says } of refused) {
  test(`the schema refuses ${name}`, () => {
    assert.match(problems(values).join("\n"), says);
  });
}

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Metric } from "../../src/report/catalogue/metric.ts";
import { PAGE_METRICS } from "../../src/report/catalogue/page-metrics.ts";
import { AGENT_METRICS, CATALOGUE } from "../../src/report/catalogue.ts";
import { RESERVED_LABEL_NAMES } from "../../src/target/labels.ts";
import { packageRoot } from "../support/golden.ts";

/** Words promlint takes for units that are not Prometheus' base units, alone or after a prefix. */
const NON_BASE_UNITS =
  "minutes hours days weeks kelvins fahrenheit rankine inches yards miles bits calories pounds ounces".split(
    " ",
  );
const PREFIXES =
  "pico nano micro milli centi deci deca hecto kilo kibi mega mebi giga gibi tera tebi peta pebi".split(
    " ",
  );
const UNITS = ["seconds", "bytes", "meters", "grams", "volts", "amperes", "joules", "celsius"];
const ABBREVIATED = new Set([
  "s",
  "ms",
  "us",
  "ns",
  "sec",
  "b",
  "kb",
  "mb",
  "gb",
  "tb",
  "pb",
  "m",
  "h",
  "d",
]);
/** Labels that would clash with those Prometheus' users put on targets (Writing exporters). */
const CLASHING_LABELS = new Set([
  "type",
  "region",
  "zone",
  "cluster",
  "dc",
  "owner",
  "stage",
  "service",
  "env",
  "job",
  "instance",
]);

/** What promlint would say of a metric. */
function lint({ name, type, help, labels }: Metric): string[] {
  const words = name.split("_");
  const prefixed = PREFIXES.flatMap((prefix) => UNITS.map((unit) => prefix + unit));
  const rules: readonly (readonly [string, boolean])[] = [
    ["no help", help.trim() === ""],
    [
      "a unit that is no base unit",
      words.some((w) => [...NON_BASE_UNITS, ...prefixed].includes(w)),
    ],
    ["a counter without _total", type === "counter" && !name.endsWith("_total")],
    ["_total, but no counter", type !== "counter" && name.endsWith("_total")],
    ["a reserved suffix", /_(?:bucket|count|sum)$/.test(name)],
    ["its type in its name", /_(?:counter|gauge|summary|histogram)$/.test(name)],
    ["a colon", name.includes(":")],
    ["camelCase", [name, ...labels].some((text) => /[A-Z]/.test(text))],
    ["an abbreviated unit", words.some((word) => ABBREVIATED.has(word))],
    ["le or quantile as a label", labels.some((label) => ["le", "quantile"].includes(label))],
    ["an unfit name", !/^[a-z][a-z0-9_]*$/.test(name) || name.includes("__")],
    ["a label that clashes", labels.some((label) => CLASHING_LABELS.has(label))],
  ];
  return rules.filter(([, isBroken]) => isBroken).map(([rule]) => `${name}: ${rule}`);
}

test("every name of the catalogue follows Prometheus' naming rules", () => {
  assert.deepEqual(CATALOGUE.flatMap(lint), []);
});

test("the rules find what they are there to find", () => {
  const bad: Metric = {
    name: "sounder_uptime_millisecondsCounter",
    type: "counter",
    help: " ",
    labels: ["le", "type"],
    unit: undefined,
  };
  assert.deepEqual(lint(bad), [
    `${bad.name}: no help`,
    `${bad.name}: a counter without _total`,
    `${bad.name}: camelCase`,
    `${bad.name}: le or quantile as a label`,
    `${bad.name}: an unfit name`,
    `${bad.name}: a label that clashes`,
  ]);
});

test("no name is in the catalogue twice", () => {
  const names = CATALOGUE.map((metric) => metric.name);
  assert.deepEqual(names, [...new Set(names)]);
});

test("names begin as the contract says: sounder_, and probe_ on the page alone", () => {
  const pageNames = new Set<Metric>(Object.values(PAGE_METRICS));
  for (const metric of CATALOGUE) {
    const prefix = pageNames.has(metric) ? "probe_" : "sounder_";
    assert.ok(metric.name.startsWith(prefix), metric.name);
  }
});

test("every label our target series add is reserved, so that no target's own label collides", () => {
  const others = new Set<Metric>([...Object.values(AGENT_METRICS), ...Object.values(PAGE_METRICS)]);
  const own = CATALOGUE.filter((metric) => !others.has(metric)).flatMap((metric) => metric.labels);
  // Of sounder_tls_info and sounder_dns_records, where a target's own label of that name gives way.
  const givingWay = ["version", "cipher", "section"];
  assert.deepEqual(
    own.filter((label) => !RESERVED_LABEL_NAMES.has(label) && !givingWay.includes(label)),
    [],
  );
});

test("nothing but the catalogue spells the name of a metric", () => {
  const source = join(packageRoot(), "src");
  const names = new Set(CATALOGUE.map((metric) => metric.name));
  const spelled = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith(join("report", "catalogue")))
    .flatMap((path) => {
      const text = readFileSync(join(source, path), "utf8").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
      const found = text.match(/\b(?:sounder|probe)_[a-z_]+\b/g) ?? [];
      return found.filter((name) => names.has(name)).map((name) => `${path}: ${name}`);
    });
  assert.deepEqual(spelled, []);
});

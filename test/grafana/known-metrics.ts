import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { collectDefaultMetrics, Registry } from "prom-client";
import { parse } from "yaml";
import { CATALOGUE } from "../../src/report/catalogue.ts";
import { packageRoot } from "../support/golden.ts";
import { parseExpression } from "./promql.ts";

const RULES = "deploy/prometheus";

type RuleFile = {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly record?: string;
      readonly expr: string;
      readonly labels?: Readonly<Record<string, string>>;
    }[];
  }[];
};

/** The rule files as they are shipped, by their name. */
export function shippedRules(): ReadonlyMap<string, string> {
  const folder = join(packageRoot(), RULES);
  const names = readdirSync(folder).filter((name) => name.endsWith(".rules.yml"));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Given by Prometheus to every series it scrapes. */
const SCRAPED = ["job", "instance"];
/** Of every series of a target; the target's own come in addition, and of those only `slo` means something to the rules. */
const OF_TARGETS = [...SCRAPED, "target", "module", "group", "address", "slo"];

/** Of Prometheus itself, about a scrape; and about alerts, which have the labels of what they are about. */
const OF_PROMETHEUS: readonly (readonly [metric: string, labels: readonly string[]])[] = [
  ["up", SCRAPED],
  ["scrape_duration_seconds", SCRAPED],
  ["scrape_samples_scraped", SCRAPED],
  ["ALERTS", [...OF_TARGETS, "alertname", "alertstate", "severity"]],
];

/** Every metric that an expression may name, with the labels it may have. */
export function knownMetrics(): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map(
    [...ofCatalogue(), ...ofNode(), ...OF_PROMETHEUS].map(([name, labels]) => [
      name,
      new Set(labels),
    ]),
  );
  for (const text of shippedRules().values()) addRecorded(known, parse(text));
  return known;
}

function* ofCatalogue(): Iterable<readonly [string, readonly string[]]> {
  for (const { name, type, labels } of CATALOGUE) {
    const isAgents = /^sounder_(agent|build|config)_/.test(name);
    const all = [...(isAgents || name.startsWith("probe_") ? SCRAPED : OF_TARGETS), ...labels];
    if (type !== "histogram") {
      yield [name, all];
      continue;
    }
    for (const part of ["", "_count", "_sum"]) yield [`${name}${part}`, all];
    yield [`${name}_bucket`, [...all, "le"]];
  }
}

/** What prom-client says of the process, as it names it itself. */
function* ofNode(): Iterable<readonly [string, readonly string[]]> {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const { name } of register.getMetricsAsArray()) yield [name, SCRAPED];
}

/** A recorded series may have the labels of all that it is made of. */
function addRecorded(known: Map<string, Set<string>>, file: RuleFile): void {
  for (const { record, expr, labels = {} } of file.groups.flatMap(({ rules }) => rules)) {
    if (record === undefined) continue;
    const sources = parseExpression(expr).selectors.flatMap(({ metric }) => [
      ...(known.get(metric) ?? []),
    ]);
    const sure = record.startsWith("target:") ? OF_TARGETS : [];
    known.set(
      record,
      new Set([...(known.get(record) ?? []), ...sure, ...sources, ...Object.keys(labels)]),
    );
  }
}

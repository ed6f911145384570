import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FAILURE_REASONS } from "../../src/probe/prober.ts";
import type { Metric } from "../../src/report/catalogue/metric.ts";
import { CATALOGUE } from "../../src/report/catalogue.ts";
import { assertGolden } from "../support/golden.ts";
import { promtoolMissing } from "../support/promtool.ts";
import { fencedBlocks, readPage, tablesOf } from "./markdown.ts";
import { METRICS_PAGE, withTables } from "./metrics-page.ts";

const page = readPage(METRICS_PAGE);
const PAGES = ["README.md", METRICS_PAGE];

/** To write the tables anew: UPDATE_GOLDEN=1 node --test dist/test/docs/metrics.test.js */
test("the tables of docs/metrics.md are the catalogue's", () => {
  assertGolden(METRICS_PAGE, withTables(page));
});

test("docs/metrics.md explains every reason of a failed probe", () => {
  const [table] = tablesOf(page).filter(({ header }) => header[0] === "reason");
  const named = (table?.rows ?? []).map(([reason = ""]) => reason.replaceAll("`", ""));
  assert.deepEqual(named, [...FAILURE_REASONS]);
});

/** A histogram in an expression has an ending that its family has not. */
function seriesNames({ name, type }: Metric): readonly string[] {
  return type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

for (const path of PAGES) {
  test(`${path} names no metric that does not exist`, () => {
    const families = CATALOGUE.map(({ name }) => name);
    const known = new Set([...families, ...CATALOGUE.flatMap(seriesNames)]);
    const named = readPage(path).match(/\b(?:sounder|probe)_[a-z0-9_]+\b/g) ?? [];
    const unknown = named.filter((name) => !known.has(name) && !name.endsWith("_"));
    assert.deepEqual(unknown, []);
  });
}

/** Runs promtool on a file in a folder of its own. @returns what it complains of, empty for nothing. */
function promtool(name: string, text: string, ...command: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "sounder-docs-"));
  try {
    writeFileSync(join(folder, name), text);
    const run = spawnSync("promtool", [...command, name], {
      cwd: folder,
      encoding: "utf8",
      timeout: 30_000,
    });
    return run.status === 0 ? "" : `${run.stdout}${run.stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("promtool finds the scrape configurations of README.md good", {
  skip: promtoolMissing,
}, () => {
  const files = fencedBlocks(readPage("README.md"), "yaml").filter((text) =>
    text.startsWith("scrape_configs:"),
  );
  assert.equal(files.length, 2);
  for (const text of files) assert.equal(promtool("prometheus.yml", text, "check", "config"), "");
});

/** Series of twenty minutes, a sample a minute, that every query of the page is asked about. */
const SERIES = [
  ['sounder_target_up{target="a",module="icmp",group="g"}', "0x20"],
  ['sounder_target_info{target="a",module="icmp",group="g",address="192.0.2.1"}', "1x20"],
  ['sounder_target_up{target="b",module="icmp",group="g"}', "0x20"],
  ['sounder_target_up{target="c",module="icmp",group="g"}', "1x20"],
  ['sounder_icmp_echoes_total{target="a"}', "0+60x20"],
  ['sounder_icmp_lost_total{target="a"}', "0+15x20"],
  ['sounder_icmp_rtt_seconds_bucket{target="a",le="0.0128"}', "0+0x20"],
  ['sounder_icmp_rtt_seconds_bucket{target="a",le="0.0256"}', "0+60x20"],
  ['sounder_icmp_rtt_seconds_bucket{target="a",le="+Inf"}', "0+60x20"],
  ['sounder_icmp_rtt_seconds_sum{target="a"}', "0+1.5x20"],
  ['sounder_icmp_rtt_seconds_count{target="a"}', "0+60x20"],
  ['sounder_probe_failures_by_reason_total{target="w",reason="http_status"}', "_x18 1 1"],
  ['sounder_probe_failures_by_reason_total{target="w",reason="tls_expired"}', "3x20"],
  ['sounder_probes_total{target="w"}', "0+10x20"],
  ['sounder_probe_failures_total{target="w"}', "0+1x20"],
  ['sounder_http_duration_seconds_sum{target="w",phase="tls"}', "0+30x20"],
  ['sounder_http_duration_seconds_count{target="w",phase="tls"}', "0+60x20"],
  ['sounder_grpc_serving_status{target="well"}', "1x20"],
  ['sounder_grpc_serving_status{target="ill"}', "2x20"],
  ['sounder_dns_soa_serial{target="a",module="zone"}', "2026010102x20"],
  ['sounder_dns_soa_serial{target="b",module="zone"}', "2026010101x20"],
  ['sounder_dns_soa_serial{target="a",module="other_zone"}', "7x20"],
  ['sounder_tls_earliest_certificate_not_after_timestamp_seconds{target="w"}', "865200x20"],
  ['sounder_agent_icmp_socket_drops_total{family="ipv4"}', "0+2x20"],
] as const;

/** By the order of the page: what each query gives at the end of those twenty minutes. */
const ANSWERS: readonly (readonly (readonly [labels: string, value: number])[])[] = [
  [['{target="a"}', 0.25]],
  [['{target="a"}', 0.025]],
  [['{target="a"}', 0.025472]],
  [['{target="w",reason="http_status"}', 1]],
  [['{target="w"}', 0.9]],
  [['{target="w",phase="tls"}', 0.5]],
  [['sounder_grpc_serving_status{target="ill"}', 2]],
  [['{module="zone"}', 2_026_010_102]],
  [['{target="w"}', 10]],
  [
    ['{target="a",module="icmp",group="g",address="192.0.2.1"}', 0],
    ['sounder_target_up{target="b",module="icmp",group="g"}', 0],
  ],
  [['{family="ipv4"}', 10]],
];

test("every query of docs/metrics.md gives what it says", { skip: promtoolMissing }, () => {
  const queries = fencedBlocks(page, "promql");
  assert.equal(queries.length, ANSWERS.length);
  const file = {
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: SERIES.map(([series, values]) => ({ series, values })),
        promql_expr_test: queries.map((expr, index) => ({
          expr,
          eval_time: "20m",
          exp_samples: (ANSWERS[index] ?? []).map(([labels, value]) => ({ labels, value })),
        })),
      },
    ],
  };
  // Every JSON text is a YAML text.
  assert.equal(promtool("test.yml", JSON.stringify(file), "test", "rules"), "");
});

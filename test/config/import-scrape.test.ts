import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importBlackbox } from "../../src/config/import-blackbox.ts";
import { groupsOfScrapeConfig } from "../../src/config/import-scrape.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { packageRoot } from "../support/golden.ts";

const fixture = (name: string): string =>
  readFileSync(join(packageRoot(), "test/config/import", name), "utf8");

function read(text: string) {
  const scraped = groupsOfScrapeConfig(text);
  assert.ok(scraped.kind === "read", JSON.stringify(scraped));
  return scraped;
}

test("groupsOfScrapeConfig() makes groups of the jobs that ask /probe", () => {
  const { groups } = read(fixture("prometheus.yml"));
  assert.deepEqual(
    groups.map(({ name, modules, interval, targets }) => [
      name,
      modules.join(),
      interval,
      targets.map(({ target }) => target).join(" "),
    ]),
    [
      [
        "sites",
        "web",
        "30s",
        "https://www.example.net/ https://api.example.net/ https://shop.example.net/",
      ],
      ["by-label-quick_ping", "quick_ping", "1m", "192.0.2.1 192.0.2.2"],
      ["by-label-banner", "banner", "1m", "mail.example.net:25"],
      ["by-label-unknown_module", "unknown_module", "1m", "192.0.2.3"],
      ["one", "quick_ping", "1d", "192.0.2.9"],
      ["default-module", "http_2xx", "30s", "www.example.org user:pass@www.example.org"],
    ],
  );
});

test("groupsOfScrapeConfig() keeps labels as they were written, shared ones once", () => {
  const [sites] = read(fixture("prometheus.yml")).groups;
  assert.deepEqual(sites?.labels, { source: "rack-7", version: "1.10" });
  assert.deepEqual(
    sites?.targets.map(({ labels }) => labels),
    [{ team: "front" }, { team: "front" }, { team: "shop" }],
  );
});

test("groupsOfScrapeConfig() tells everything it does not take", () => {
  assert.deepEqual(read(fixture("prometheus.yml")).notes, [
    'job "sites": the targets of file_sd_configs, which only Prometheus discovers so far',
    'job "sites": keys about how Prometheus scrapes and stores: scrape_timeout',
    'job "sites": relabel_configs[4]: only the usual rules of such jobs are understood',
    'job "sites": a label: label name "module" is reserved for Sounder\'s own labels: choose another',
    'job "one": parameters of /probe: hostname',
    'job "made-up": none of it, because a relabel rule makes its targets up in a way of its own',
    'job "not-handed-on": none of it, because no relabel rule hands __address__ on as __param_target',
  ]);
});

test("the groups of a scrape configuration load with the modules of blackbox_exporter's file", () => {
  const result = importBlackbox(fixture("blackbox.yml"), read(fixture("prometheus.yml")));
  assert.ok(result.kind === "imported");
  const parsed = parseConfig(result.text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.deepEqual(
    parsed.value.groups.map(({ name, targets }) => [name, targets.length]),
    [
      ["sites", 3],
      ["by-label-quick_ping", 2],
      ["by-label-banner", 1],
      ["one", 1],
      ["default-module", 1],
    ],
  );
  assert.match(
    result.notes.join("\n"),
    /^group "by-label-unknown_module": module "unknown_module"/m,
  );
  assert.match(result.notes.join("\n"), /^target "<secret>@www\.example\.org": /m);
});

const USUAL = "relabel_configs: [{source_labels: [__address__], target_label: __param_target}]";
const jobs = [
  {
    name: "the module from a label of the target",
    job: `static_configs: [{targets: [a.example.net], labels: {__param_module: icmp}}], ${USUAL}`,
    want: [["j", "icmp"]],
  },
  {
    name: "the module from a constant rule",
    job: `static_configs: [{targets: [a.example.net]}], relabel_configs: [{source_labels: [__address__], target_label: __param_target}, {target_label: __param_module, replacement: icmp}]`,
    want: [["j", "icmp"]],
  },
  {
    name: "rules written out in full",
    job: `params: {module: [icmp]}, static_configs: [{targets: [a.example.net]}], relabel_configs: [{source_labels: [__address__], separator: ";", regex: (.*), target_label: __param_target, replacement: $1, action: replace}]`,
    want: [["j", "icmp"]],
  },
  {
    name: "no module at all",
    job: `static_configs: [{targets: [a]}], ${USUAL}`,
    want: [["j", "http_2xx"]],
  },
  { name: "no targets", job: USUAL, want: [] },
  { name: "empty lists", job: "static_configs: [], relabel_configs: []", want: [] },
  {
    name: "no duration",
    job: `scrape_interval: often, static_configs: [{targets: [a]}], ${USUAL}`,
    want: [],
  },
  { name: "nonsense", job: "static_configs: 7", want: [] },
] as const;

for (const { name, job, want } of jobs) {
  test(`groupsOfScrapeConfig() of a job with ${name}`, () => {
    const text = `scrape_configs: [{job_name: j, metrics_path: /probe, ${job}}]`;
    const { groups, notes } = read(text);
    assert.deepEqual(
      groups.map((group) => [group.name, group.modules.join()]),
      want,
    );
    assert.equal(notes.length > 0, want.length === 0, "what is not taken is told");
  });
}

test("groupsOfScrapeConfig() takes a minute where nobody says an interval, as Prometheus does", () => {
  const { groups } = read(
    `scrape_configs: [{job_name: j, metrics_path: /probe, static_configs: [{targets: [a]}], ${USUAL}}]`,
  );
  assert.equal(groups[0]?.interval, "1m");
});

for (const text of ["", "a", "[]", "scrape_configs: 7", "scrape_configs: ["]) {
  test(`groupsOfScrapeConfig() of ${JSON.stringify(text)} is of no use, and says why`, () => {
    const scraped = groupsOfScrapeConfig(text);
    assert.ok(scraped.kind === "unusable" && scraped.problems.length > 0);
  });
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { packageRoot } from "../support/golden.ts";

async function good(name: string): Promise<Config> {
  const loaded = await loadConfig(join(packageRoot(), `test/config/good/${name}.yml`));
  assert.deepEqual(loaded.ok ? [] : loaded.problems, []);
  if (!loaded.ok) throw new Error("unreachable");
  return loaded.value;
}

test("a file of modules alone works as blackbox_exporter reads it", async () => {
  const { modules, groups } = await good("only-modules-as-blackbox");
  assert.equal(groups.length, 0);
  const example = modules["http_2xx_example"]?.http;
  const login = modules["http_basic_auth_example"]?.http.basic_auth;
  assert.equal(login?.username, "0123.40", "a number is the text it was written as");
  assert.equal(example?.follow_redirects, true);
  assert.equal(example?.ip_protocol_fallback, false);
  assert.equal(example?.fail_if_header_matches[0]?.allow_missing, true);
  assert.equal(modules["http_post_2xx"]?.http.method, "POST");
  assert.equal(modules["http_gzip_body"]?.http.method, "GET");
  assert.equal(modules["icmp"]?.timeout, 1.5);
  assert.equal(modules["icmp_ttl0"]?.icmp.ttl, 0);
  assert.equal(modules["icmp_ttl0"]?.icmp.dont_fragment, true);
});

test("the file of the contract gives groups with defaults and labels merged", async () => {
  const { groups } = await good("contract");
  assert.deepEqual(groups[0], {
    name: "core",
    modules: ["icmp"],
    intervalSeconds: 1,
    echoes: { count: 1, spacingSeconds: 1 },
    lossWindowSeconds: 60,
    // Its interval is no longer than the fast one of the defaults.
    fastIcmp: undefined,
    fastProbe: undefined,
    resolve: "first",
    buckets: undefined,
    targets: [
      { target: "192.0.2.1", labels: { site: "berlin", version: "1.10" } },
      {
        target: "dns.example.net",
        labels: { site: "on", version: "1.10", role: "resolver" },
      },
    ],
  });
  assert.deepEqual(groups[1]?.echoes, { count: 4, spacingSeconds: 1 });
  assert.equal(groups[1]?.lossWindowSeconds, 120, "a default window grows to the interval");
  assert.deepEqual(
    groups[1]?.targets.map(({ target }) => target),
    ["no", "192.0.2.1:80", "2001:db8::1", "https://www.example.net/path"],
  );
  assert.deepEqual(groups[1]?.fastIcmp, { intervalSeconds: 1, untilLoss: 0.05 });
  assert.equal(groups[1]?.fastProbe, undefined);
  assert.deepEqual(groups[2]?.targets, []);
});

test("fast_interval holds for icmp modules, and for others where the group itself writes it", async () => {
  const { groups, icmp } = await good("adaptive-pace");
  const pace = (intervalSeconds: number, untilLoss = 0.1) => ({ intervalSeconds, untilLoss });
  assert.deepEqual(
    Object.fromEntries(
      groups.map(({ name, fastIcmp, fastProbe }) => [name, [fastIcmp, fastProbe]]),
    ),
    {
      common: [pace(2), undefined],
      often: [undefined, undefined],
      own: [pace(0.5, 1), pace(0.5, 1)],
      none: [undefined, undefined],
      web: [pace(2), undefined],
      "web that asks": [pace(1), pace(1)],
      both: [pace(3, 0.5), pace(3, 0.5)],
      "web that need not ask": [pace(2, 0.5), undefined],
      narrow: [pace(2), undefined],
    },
  );
  assert.deepEqual(
    [icmp.transport, icmp.max_packets_per_second, icmp.max_fast_packets_per_second],
    ["dgram", 50_000, 5_000],
  );
});

test("buckets are seconds, written as numbers or as durations", async () => {
  const { groups } = await good("adaptive-pace");
  const of = (wanted: string) => groups.find(({ name }) => name === wanted)?.buckets;
  assert.deepEqual(of("narrow"), [0.0001, 0.001, 0.002, 0.015, 1]);
  assert.equal(of("common"), undefined);
});

test("anchors and merge keys share what groups have in common", async () => {
  const { groups } = await good("merge-keys-and-anchors");
  assert.deepEqual(
    groups.map(({ name, intervalSeconds, targets }) => [name, intervalSeconds, targets]),
    [
      [
        "west",
        30,
        [
          { target: "192.0.2.1", labels: { area: "west" } },
          { target: "192.0.2.2", labels: { area: "west" } },
        ],
      ],
      [
        "east",
        20,
        [
          { target: "192.0.2.1", labels: { area: "east" } },
          { target: "192.0.2.2", labels: { area: "east" } },
        ],
      ],
    ],
  );
});

test("a byte order mark and carriage returns are no part of the file", async () => {
  assert.equal((await good("byte-order-mark")).groups[0]?.name, "core");
});

test("a YAML 1.1 directive turns no text into a boolean", async () => {
  const [group] = (await good("yaml-1.1-directive")).groups;
  assert.equal(group?.name, "on");
  assert.deepEqual(group?.targets[0]?.labels, { answer: "no" });
});

test("config.example.yml watches both loopback addresses and the agent itself", () => {
  const parsed = parseConfig(readFileSync(join(packageRoot(), "config.example.yml"), "utf8"));
  assert.equal(parsed.ok, true);
  if (!parsed.ok) return;
  assert.deepEqual(
    parsed.value.groups.map(({ intervalSeconds, modules, targets }) => ({
      intervalSeconds,
      modules,
      targets: targets.map(({ target }) => target),
    })),
    [
      { intervalSeconds: 1, modules: ["icmp"], targets: ["127.0.0.1", "::1"] },
      {
        intervalSeconds: 5,
        modules: ["http_2xx"],
        targets: ["http://127.0.0.1:10707/-/healthy"],
      },
    ],
  );
});

test("the built-in modules are there without being written, and a written one replaces its own", () => {
  const parsed = parseConfig("modules: {icmp: {prober: icmp, timeout: 3s}}");
  assert.equal(parsed.ok, true);
  if (!parsed.ok) return;
  assert.deepEqual(Object.keys(parsed.value.modules).sort(), [
    "http_2xx",
    "http_post_2xx",
    "icmp",
    "tcp_connect",
  ]);
  assert.equal(parsed.value.modules["icmp"]?.timeout, 3);
  assert.equal(parsed.value.modules["http_post_2xx"]?.http.method, "POST");
});

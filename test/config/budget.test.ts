import assert from "node:assert/strict";
import { test } from "node:test";
import { echoesPerSecond, streamCount } from "../../src/config/budget.ts";
import type { Config } from "../../src/config/config.ts";
import { probeTimeoutSeconds } from "../../src/config/group.ts";
import { parseConfig } from "../../src/config/parse-config.ts";

function configOf(text: string): Config {
  const parsed = parseConfig(text);
  assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
  if (!parsed.ok) throw new Error("unreachable");
  return parsed.value;
}

const cases = [
  { name: "no groups", groups: "[]", echoes: 0, streams: 0 },
  {
    name: "two targets each second",
    groups: "[{name: a, modules: [icmp], interval: 1s, targets: [192.0.2.1, 192.0.2.2]}]",
    echoes: 2,
    streams: 2,
  },
  {
    name: "one target twice, which is one stream",
    groups: "[{name: a, modules: [icmp], interval: 1s, targets: [192.0.2.1, 192.0.2.1]}]",
    echoes: 1,
    streams: 1,
  },
  {
    name: "one target in two groups, which are two streams",
    groups:
      "[{name: a, modules: [icmp], interval: 1s, targets: [192.0.2.1]}, {name: b, modules: [icmp], interval: 2s, targets: [192.0.2.1]}]",
    echoes: 1.5,
    streams: 2,
  },
  {
    name: "several echoes an interval and a module that sends none",
    groups:
      "[{name: a, modules: [icmp, http_2xx], interval: 10s, echoes: {count: 5}, targets: [192.0.2.1]}]",
    echoes: 0.5,
    streams: 2,
  },
] as const;

for (const { name, groups, echoes, streams } of cases) {
  test(`echoesPerSecond() and streamCount() of ${name}`, () => {
    const config = configOf(`groups: ${groups}`);
    assert.equal(echoesPerSecond(config), echoes);
    assert.equal(streamCount(config), streams);
  });
}

test("a grid that needs exactly the budget fits it", () => {
  const targets = Array.from({ length: 30 }, (_, at) => `192.0.2.${at}`).join(", ");
  configOf(
    `{icmp: {max_packets_per_second: 100}, groups: [{name: a, modules: [icmp], interval: 300ms, targets: [${targets}]}]}`,
  );
});

const timeouts = [
  { name: "icmp, short interval", module: "icmp", interval: 1, want: 1 },
  { name: "icmp, long interval", module: "icmp", interval: 60, want: 5 },
  { name: "http, long interval", module: "http_2xx", interval: 60, want: 10 },
  { name: "http, short interval", module: "http_2xx", interval: 3, want: 3 },
  { name: "a timeout of its own", module: "slow", interval: 3, want: 30 },
] as const;

for (const { name, module, interval, want } of timeouts) {
  test(`probeTimeoutSeconds() of ${name}`, () => {
    const { modules } = configOf("modules: {slow: {prober: http, timeout: 30s}}");
    const found = modules[module];
    assert.ok(found);
    assert.equal(probeTimeoutSeconds(found, interval), want);
  });
}

const flights = [
  { name: "that nobody sends", fast: "fast_interval: 0s", budget: 1_000_000, isFine: true },
  { name: "within their own budget", fast: "fast_interval: 20ms", budget: 8_000, isFine: true },
  { name: "beyond it", fast: "fast_interval: 20ms", budget: 9_000, isFine: false },
  { name: "that are few", fast: "fast_interval: 500ms", budget: 1_000_000, isFine: true },
] as const;

for (const { name, fast, budget, isFine } of flights) {
  test(`fast echoes ${name} ${isFine ? "fit" : "do not fit"} what may wait for an answer`, () => {
    const targets = Array.from({ length: 200 }, (_, at) => `192.0.2.${at}`).join(", ");
    const parsed = parseConfig(
      `{modules: {slow: {prober: icmp, timeout: 2m}}, icmp: {max_fast_packets_per_second: ${budget}}, groups: [{name: a, modules: [slow], interval: 1s, ${fast}, targets: [${targets}]}]}`,
    );
    assert.equal(parsed.ok, isFine);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { ContinuousReport } from "../../src/report/continuous.ts";
import type { TargetEntry } from "../../src/report/target-list.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { failed, never, succeeded } from "./fixtures.ts";
import { grpcFacts, probed, websocketFacts } from "./prober-fixtures.ts";

async function listed(report: ContinuousReport): Promise<readonly TargetEntry[]> {
  const source = {
    snapshot: async () => undefined,
    failures: async () => new Map(),
    isFailingOnly: false,
  };
  const entries: TargetEntry[] = [];
  for await (const entry of report.list(source, never)) entries.push(entry);
  return entries;
}

/** What is not undefined: what a reader of the list sees. */
const seen = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What the list shows of each prober's last probe, beside its time. */
const wanted = {
  http: { statusCode: 200 },
  tcp: {},
  unix: {},
  dns: { responseCode: 0 },
  grpc: { statusCode: 0, servingStatus: "SERVING" },
  websocket: { statusCode: 101 },
} as const;

for (const { prober, target, outcome } of probed) {
  test(`a ${prober} target shows what its last probe showed, under the name of its prober`, async () => {
    const report = new ContinuousReport({ clock: fakeClock() });
    const description = { group: "g", module: prober, target, labels: {}, prober };
    report.record(report.addTarget(description, undefined), outcome);
    const [entry] = await listed(report);
    const reached = Object.entries(outcome.facts.phases).filter(([, seconds]) => seconds > 0);
    assert.equal(entry?.state, "up");
    assert.deepEqual(seen(entry?.[prober]), {
      ...wanted[prober],
      durationSeconds: 0.062,
      phases: Object.fromEntries(reached),
    });
    const others = probed.filter((one) => one.prober !== prober);
    for (const other of others) assert.ok(!Object.hasOwn(entry ?? {}, other.prober));
    assert.ok(!Object.hasOwn(entry ?? {}, "icmp"));
  });

  test(`a ${prober} target that was never probed has an empty result`, async () => {
    const report = new ContinuousReport({ clock: fakeClock() });
    report.addTarget({ group: "g", module: prober, target, labels: {}, prober }, undefined);
    const [entry] = await listed(report);
    assert.equal(entry?.state, "unknown");
    assert.deepEqual(seen(entry?.[prober]), { phases: {} });
  });

  test(`a ${prober} target that fails tells its reason and sentence`, async () => {
    const report = new ContinuousReport({ clock: fakeClock() });
    const description = { group: "g", module: prober, target, labels: {}, prober };
    const { facts } = outcome;
    const detail = "the connection was not established within 5 s";
    const timedOut = { ...failed("connect_timeout", { facts }), detail };
    report.record(report.addTarget(description, undefined), timedOut);
    const [entry] = await listed(report);
    assert.deepEqual(
      [entry?.state, entry?.reason, entry?.detail],
      ["failing", "connect_timeout", detail],
    );
  });
}

test("a gRPC target that could not be called has no status", async () => {
  const report = new ContinuousReport({ clock: fakeClock() });
  const description = { group: "g", module: "grpc", target: "a", labels: {}, prober: "grpc" };
  const facts = { ...grpcFacts, statusCode: undefined, servingStatus: undefined };
  const target = report.addTarget({ ...description, prober: "grpc" }, undefined);
  report.record(target, failed("connect_refused", { facts }));
  const [entry] = await listed(report);
  assert.deepEqual([entry?.grpc?.statusCode, entry?.grpc?.servingStatus], [undefined, undefined]);
});

test("times of a probe that the agent disturbed are not shown, its status is", async () => {
  const report = new ContinuousReport({ clock: fakeClock() });
  const target = report.addTarget(
    { group: "g", module: "chat", target: "wss://a/", labels: {}, prober: "websocket" },
    undefined,
  );
  report.record(target, { ...succeeded, facts: websocketFacts, isDisturbed: true });
  const [entry] = await listed(report);
  assert.deepEqual(seen(entry?.websocket), { statusCode: 101, phases: {} });
});

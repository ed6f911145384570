import assert from "node:assert/strict";
import { test } from "node:test";
import { batchPing } from "../../src/batch/batch-ping.ts";
import type { PingEcho, PingResult } from "../../src/batch/ping.ts";
import { canRunLab } from "./can-run.ts";
import type { HostRecord } from "./record.ts";
import type { HostScript } from "./script.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

/** Echo for echo: answered in the record is answered in the result, and no faster than it was held. */
function assertAsRecorded(result: PingResult | undefined, record: HostRecord): void {
  const about = record.address;
  assert.equal(result?.address, about);
  assert.equal(result?.sent, record.totals.received, about);
  assert.equal(result?.received, record.totals.fates.answered, about);
  for (const [at, { fate, heldSeconds = 0 }] of record.echoes.entries()) {
    const rttSeconds: number | undefined = result?.rttsSeconds[at];
    assert.equal(rttSeconds !== undefined, fate === "answered", `${about}, echo ${at + 1}`);
    if (rttSeconds !== undefined) assert.ok(rttSeconds >= heldSeconds, about);
  }
}

test("batchPing() of hosts of both families that delay and lose is what the lab recorded", {
  skip,
}, async () => {
  const scripts: readonly HostScript[] = [
    {},
    { delaySeconds: 0.03 },
    { delaySeconds: 0.01, loss: { requests: [2, 5] } },
    { loss: { probability: 0.5 } },
    { loss: { probability: 1 } },
    { duplicate: { copies: 2 } },
  ];
  await withLab({ seed: 4 }, async (lab) => {
    const hosts = scripts.flatMap((script, at) => [
      [`10.80.0.${at + 1}`, script] as const,
      [`fd80::${at + 1}`, script] as const,
    ]);
    await lab.hosts(hosts);
    const results = await batchPing(
      hosts.map(([address]) => address),
      { count: 6, spacingSeconds: 0.05, timeoutSeconds: 0.5 },
    );
    const records = await lab.records();
    assert.equal(records.length, hosts.length);
    for (const [at, record] of records.entries()) assertAsRecorded(results[at], record);
    assert.equal((await lab.totals()).received, hosts.length * 6);
  });
});

test("batchPing() of one address under two names counts each echo for its own", {
  skip,
}, async () => {
  await withLab({ seed: 5 }, async (lab) => {
    await lab.host("10.80.1.1", { loss: { every: 2 } });
    const names = ["10.80.1.1", "http://10.80.1.1/"];
    const options = { count: 4, spacingSeconds: 0.05, timeoutSeconds: 0.3 };
    const results = await batchPing(names, options);
    assert.deepEqual(
      results.map(({ name, sent }) => [name, sent]),
      names.map((name) => [name, 4]),
    );
    const received = results.reduce((sum, result) => sum + result.received, 0);
    const record = await lab.record("10.80.1.1");
    assert.deepEqual([received, record.totals.received], [record.totals.fates.answered, 8]);
  });
});

test("batchPing() gives the reason that an ICMP error told", { skip }, async () => {
  await withLab({ seed: 6 }, async (lab) => {
    const errors = [
      ["10.80.2.1", "10.98.0.1"],
      ["fd80:2::1", "fd98::1"],
    ] as const;
    for (const [host, from] of errors) {
      await lab.host(host, { error: { says: "host_unreachable", from } });
    }
    const echoes: PingEcho[] = [];
    await batchPing(
      errors.map(([host]) => host),
      { count: 1, timeoutSeconds: 0.3, onEcho: (echo) => echoes.push(echo) },
    );
    const reasons = echoes.map(({ outcome }) =>
      outcome.kind === "lost" ? outcome.explanation?.reason : outcome.kind,
    );
    assert.deepEqual(reasons, ["host_unreachable", "host_unreachable"]);
  });
});

test("batchPing() of 3,000 hosts at once loses none that answered", { skip }, async () => {
  await withLab({ seed: 7 }, async (lab) => {
    const names = Array.from({ length: 3_000 }, (_, at) => `10.81.${at >> 8}.${at & 255}`);
    await lab.hosts(names.map((name) => [name, { delaySeconds: 0.02 }] as const));
    const results = await batchPing(names, { count: 2, spacingSeconds: 0.5, timeoutSeconds: 5 });
    assert.deepEqual(
      results.filter(({ received }) => received !== 2),
      [],
    );
    assert.equal((await lab.totals()).received, 6_000);
  });
});

test("an abort leaves nothing running and keeps what came", { skip }, async () => {
  await withLab({ seed: 8 }, async (lab) => {
    await lab.host("10.80.3.1", {});
    const controller = new AbortController();
    const results = await batchPing(["10.80.3.1", "10.80.3.2"], {
      count: 1_000,
      spacingSeconds: 0.01,
      timeoutSeconds: 30,
      signal: controller.signal,
      onReply: ({ sequence }) => {
        if (sequence === 5) controller.abort();
      },
    });
    assert.deepEqual(
      results.map(({ sent, received, lossRatio }) => [sent, received, lossRatio]),
      [
        [5, 5, 0],
        [0, 0, undefined],
      ],
    );
  });
});

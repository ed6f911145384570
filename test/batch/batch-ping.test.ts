import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { batchPing, pingWith } from "../../src/batch/batch-ping.ts";
import type { PingEcho, PingOptions, PingReply } from "../../src/batch/ping.ts";
import { settingsOf } from "../../src/batch/settings.ts";
import { answers, type FakeTools, fakeTools, type HostScript, silent } from "./fake-tools.ts";

/** Two digits more than a nanosecond: what virtual times add up to in binary. */
const TOLERANCE_SECONDS = 1e-9;

function run(tools: FakeTools, names: readonly string[], options: PingOptions = {}) {
  const signal = options.signal ?? new AbortController().signal;
  const pinging = pingWith(tools, names, settingsOf(names, options), { ...options, signal });
  return tools.settle(pinging);
}

test("each name has its own counts, times and address, in the order given", async () => {
  const tools = fakeTools({
    hosts: new Map([
      ["192.0.2.1", answers(0.02)],
      ["192.0.2.2", (echo) => (echo === 2 ? silent(echo) : answers(echo / 100)(echo))],
    ]),
    names: new Map([["b.example", ["192.0.2.2"]]]),
  });
  const results = await run(tools, ["b.example", "192.0.2.1"], { count: 3 });
  assert.deepEqual(
    results.map(({ name, address, sent, received, lossRatio, rttsSeconds }) => [
      name,
      address,
      sent,
      received,
      lossRatio,
      rttsSeconds,
    ]),
    [
      ["b.example", "192.0.2.2", 3, 2, 1 / 3, [0.01, undefined, 0.03]],
      ["192.0.2.1", "192.0.2.1", 3, 3, 0, [0.02, 0.02, 0.02]],
    ],
  );
  assert.equal(tools.pending(), 0);
});

test("two names with one address stay two, and so does a name given twice", async () => {
  const tools = fakeTools({
    hosts: new Map([["192.0.2.1", answers(0.001)]]),
    names: new Map([
      ["a.example", ["192.0.2.1"]],
      ["b.example", ["192.0.2.1"]],
    ]),
  });
  const names = ["a.example", "b.example", "a.example"];
  const results = await run(tools, names, { count: 2 });
  assert.deepEqual(
    results.map(({ name, sent, received }) => [name, sent, received]),
    names.map((name) => [name, 2, 2]),
  );
  assert.equal(tools.sent.length, 6);
});

test("one bad name fails alone and says why", async () => {
  const tools = fakeTools({ hosts: new Map([["192.0.2.1", answers(0.001)]]) });
  const [bad, good] = await run(tools, ["none.example", "192.0.2.1"], { count: 1 });
  assert.deepEqual(bad?.failure, {
    reason: "dns_nxdomain",
    detail: '"none.example" does not exist',
  });
  assert.deepEqual([bad?.address, bad?.sent, bad?.rttsSeconds], [undefined, 0, []]);
  assert.deepEqual([good?.failure, good?.received], [undefined, 1]);
});

test("a target that the engine cannot send to fails alone, once, and keeps what was measured", async () => {
  const tools = fakeTools({
    hosts: new Map<string, HostScript>([
      [
        "192.0.2.1",
        (echo) =>
          echo < 3 ? answers(0.01)(echo) : { kind: "refused", detail: "no such interface" },
      ],
      ["192.0.2.2", answers(0.01)],
    ]),
  });
  const [refused, good] = await run(tools, ["192.0.2.1", "192.0.2.2"], { count: 5 });
  assert.deepEqual(refused?.failure, { reason: "icmp_refused", detail: "no such interface" });
  assert.deepEqual([refused?.sent, refused?.received], [2, 2]);
  assert.equal(good?.received, 5);
});

test("echoes that end out of turn stand at their own places", async () => {
  const tools = fakeTools({
    hosts: new Map([["192.0.2.1", (echo) => answers(echo === 1 ? 0.9 : 0.1)(echo)]]),
  });
  const order: number[] = [];
  const [result] = await run(tools, ["192.0.2.1"], {
    count: 3,
    spacingSeconds: 0.2,
    onEcho: ({ sequence }) => order.push(sequence),
  });
  assert.deepEqual(order, [2, 3, 1]);
  assert.deepEqual(result?.rttsSeconds, [0.9, 0.1, 0.1]);
});

test("onReply hears answers only, onEcho every end, each with name, place and sequence", async () => {
  const tools = fakeTools({
    hosts: new Map([["192.0.2.1", (echo) => (echo === 1 ? silent(echo) : answers(0.25)(echo))]]),
    names: new Map([["a.example", ["192.0.2.1"]]]),
  });
  const replies: PingReply[] = [];
  const echoes: PingEcho[] = [];
  await run(tools, ["a.example"], {
    count: 2,
    onReply: (reply) => replies.push(reply),
    onEcho: (echo) => echoes.push(echo),
  });
  const identity = { index: 0, name: "a.example", address: "192.0.2.1" };
  assert.deepEqual(replies, [{ ...identity, sequence: 2, rttSeconds: 0.25, hopLimit: 64 }]);
  assert.deepEqual(
    echoes.map(({ sequence, outcome }) => [sequence, outcome.kind]),
    [
      [1, "lost"],
      [2, "answered"],
    ],
  );
});

test("an abort ends the batch at once with what was measured; echoes in flight are in nothing", async () => {
  const tools = fakeTools({ hosts: new Map([["192.0.2.1", answers(0.1)]]) });
  const controller = new AbortController();
  tools.at(2.05, () => controller.abort());
  const [result] = await run(tools, ["192.0.2.1"], { count: 100, signal: controller.signal });
  assert.deepEqual([result?.sent, result?.received, result?.lost], [2, 2, 0]);
  assert.ok(Math.abs(tools.clock.monotonicSeconds() - 2.05) < TOLERANCE_SECONDS);
});

test("an aborted signal and an empty list start nothing", async () => {
  const [result] = await batchPing(["192.0.2.1"], { signal: AbortSignal.abort() });
  assert.deepEqual([result?.name, result?.sent, result?.failure], ["192.0.2.1", 0, undefined]);
  assert.deepEqual(await batchPing([]), []);
});

test("what a callback throws ends the batch and is thrown", async () => {
  const tools = fakeTools({ hosts: new Map([["192.0.2.1", answers(0.1)]]) });
  const onReply = (): void => {
    throw new Error("the caller's own");
  };
  await assert.rejects(run(tools, ["192.0.2.1"], { onReply }), /the caller's own/);
});

test("the end of the engine is an error, not many losses", async () => {
  const tools = fakeTools({ hosts: new Map([["192.0.2.1", answers(0.1)]]) });
  tools.at(1.05, () => tools.breakEngine("the thread ended by itself"));
  await assert.rejects(run(tools, ["192.0.2.1"]), /the thread ended by itself/);
});

test("wrong options are refused before anything is started", async () => {
  await assert.rejects(batchPing(["192.0.2.1"], { count: 0 }), RangeError);
});

test("payload, dscp, source and timeout reach the engine", async () => {
  const tools = fakeTools({ hosts: new Map([["192.0.2.1", answers(0.1)]]) });
  const options = { count: 1, payloadBytes: 9, dscp: 46, source: "192.0.2.9", timeoutSeconds: 3 };
  await run(tools, ["192.0.2.1"], options);
  assert.deepEqual(tools.lastOrder(), {
    address: "192.0.2.1",
    profile: {
      family: "ipv4",
      source: "192.0.2.9",
      interface: undefined,
      mark: 0,
      dscp: 46,
      hopLimit: 64,
      isFragmentingForbidden: false,
    },
    payloadBytes: 9,
    timeoutSeconds: 3,
  });
});

test("5,000 silent names are all asked, at the rate, with a bounded number in flight", async () => {
  const names = Array.from({ length: 5_000 }, (_, at) => `10.9.${at >> 8}.${at & 255}`);
  const tools = fakeTools({ hosts: new Map() });
  const results = await run(tools, names, { count: 1, timeoutSeconds: 60, echoesPerSecond: 1_000 });
  assert.ok(results.every(({ sent, lost }) => sent === 1 && lost === 1));
  const last = tools.sent.at(-1)?.atSeconds ?? 0;
  assert.ok(last > 4.98 && last < 5.02, `the last left after ${last} s`);
});

test("with 16,384 in flight the next waits for an end", async () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `10.9.${at >> 8}.${at & 255}`);
  const tools = fakeTools({ hosts: new Map() });
  const results = await run(tools, names, {
    count: 1,
    timeoutSeconds: 30,
    echoesPerSecond: 10_000,
  });
  assert.equal(tools.mostInFlight(), 16_384);
  assert.ok(results.every(({ lost }) => lost === 1));
});

const host = fc.record({
  rttSeconds: fc.double({ min: 0.000_01, max: 2, noNaN: true }),
  lostEchoes: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
});

test("any batch counts every echo once, keeps the spacing and the rate", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(host, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0.01, max: 3, noNaN: true }),
      fc.integer({ min: 1, max: 500 }),
      async (hosts, count, spacingSeconds, echoesPerSecond) => {
        const timeoutSeconds = 1;
        const scripts = new Map(
          hosts.map(({ rttSeconds, lostEchoes }, at): [string, HostScript] => [
            `192.0.2.${at}`,
            (echo) =>
              lostEchoes.includes(echo) || rttSeconds > timeoutSeconds
                ? silent(echo)
                : answers(rttSeconds)(echo),
          ]),
        );
        const tools = fakeTools({ hosts: scripts });
        const names = [...scripts.keys()];
        const options = { count, spacingSeconds, timeoutSeconds, echoesPerSecond };
        const results = await run(tools, names, options);
        for (const [at, result] of results.entries()) {
          const { rttSeconds = 0, lostEchoes = [] } = hosts[at] ?? {};
          const sequences = Array.from({ length: count }, (_, echo) => echo + 1);
          assert.deepEqual(
            result.rttsSeconds,
            sequences.map((echo) =>
              lostEchoes.includes(echo) || rttSeconds > timeoutSeconds ? undefined : rttSeconds,
            ),
          );
          assert.deepEqual([result.sent, result.received + result.lost], [count, count]);
          const times = tools.sent
            .filter(({ address }) => address === result.address)
            .map(({ atSeconds }) => atSeconds);
          for (const [echo, atSeconds] of times.slice(1).entries()) {
            const gap = atSeconds - (times[echo] ?? 0);
            assert.ok(gap > spacingSeconds - 0.006, `${gap} s instead of ${spacingSeconds} s`);
          }
        }
        const all = tools.sent.map(({ atSeconds }) => atSeconds);
        const spanSeconds = (all.at(-1) ?? 0) - (all[0] ?? 0);
        assert.ok(all.length <= echoesPerSecond * (spanSeconds + 0.011) + 1);
        assert.equal(tools.pending(), 0);
      },
    ),
    { numRuns: 60 },
  );
});

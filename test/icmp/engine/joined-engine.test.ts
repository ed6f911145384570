import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { JoinedEngine } from "../../../src/icmp/engine/joined-engine.ts";
import type { EchoFailure } from "../../../src/icmp/engine-contract.ts";
import { RTT_BUCKET_COUNT } from "../../../src/metrics/histogram.ts";
import { echoOrder, streamTo } from "../../support/engine-orders.ts";
import { FakeEngine } from "./fake-engine.ts";

const V4 = "192.0.2.1";
const V6 = "2001:db8::1";
const LOST: EchoFailure = {
  kind: "lost",
  explanation: { reason: "host_unreachable", reportedBy: "192.0.2.254" },
};

/** Two engines joined, each with a stream of its own first, so that inner numbers are not the joined ones. */
function joinedEngines(buckets: { readonly ipv4?: number; readonly ipv6?: number } = {}) {
  const ipv4 = new FakeEngine("ipv4", buckets.ipv4);
  const ipv6 = new FakeEngine("ipv6", buckets.ipv6);
  ipv4.add(streamTo(V4));
  ipv6.add(streamTo(V6));
  ipv6.add(streamTo(V6));
  return { ipv4, ipv6, joined: new JoinedEngine({ ipv4, ipv6 }) };
}

/** The number of the only stream of the engine that came after its own first ones. */
const lastOf = (engine: FakeEngine): number => Math.max(...engine.orders.keys());

describe("a stream whose name changes the address family", () => {
  test("keeps the sum of its counts, and shows the state of where it is now", async () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    const stream = joined.add(streamTo(V4));
    ipv4.answer(lastOf(ipv4), 5);
    joined.retune(stream, streamTo(V6));
    const moved = await joined.snapshot();
    assert.deepEqual([moved.echoes[stream], moved.up[stream]], [5, Number.NaN]);

    ipv6.answer(lastOf(ipv6), 3);
    const there = await joined.snapshot();
    assert.deepEqual([there.echoes[stream], there.up[stream]], [8, 1]);
    assert.equal(there.rttBuckets[stream * there.rttBucketCount], 8);

    joined.retune(stream, streamTo(V4));
    ipv6.columns.up[lastOf(ipv6)] = 0;
    const back = await joined.snapshot();
    assert.deepEqual([back.echoes[stream], back.up[stream]], [8, 1]);
  });

  test("is sent to by one engine only, and found again by the number it had", () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    const stream = joined.add(streamTo(V4));
    const [of4, addresses] = [
      lastOf(ipv4),
      (): unknown[] => [ipv4, ipv6].map((engine) => engine.orders.get(lastOf(engine))?.address),
    ];
    joined.retune(stream, streamTo(V6));
    assert.deepEqual(addresses(), [undefined, V6]);
    joined.retune(stream, streamTo(V4));
    assert.deepEqual(addresses(), [V4, undefined]);
    assert.equal(lastOf(ipv4), of4);
    assert.equal(ipv6.orders.size, 3);
  });

  test("tells the failure of the family it has now", async () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    const stream = joined.add(streamTo(V4));
    ipv4.failing.set(lastOf(ipv4), LOST);
    assert.deepEqual([...(await joined.failures())], [[stream, LOST]]);
    joined.retune(stream, streamTo(V6));
    assert.deepEqual([...(await joined.failures())], []);
    ipv6.failing.set(lastOf(ipv6), { kind: "unsent", errno: "ENETUNREACH" });
    assert.deepEqual(
      [...(await joined.failures())],
      [[stream, { kind: "unsent", errno: "ENETUNREACH" }]],
    );
  });

  test("leaves both engines when it is removed, and its number begins anew", async () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    const stream = joined.add(streamTo(V4));
    ipv4.answer(lastOf(ipv4), 5);
    joined.retune(stream, streamTo(V6));
    ipv6.answer(lastOf(ipv6), 5);
    joined.remove(stream);
    joined.remove(stream);
    joined.retune(stream, streamTo(V4));
    assert.deepEqual([ipv4.orders.size, ipv6.orders.size], [1, 2]);
    assert.equal(joined.add(streamTo(V6)), stream);
    const { echoes, up } = await joined.snapshot();
    assert.deepEqual([echoes[stream], up[stream]], [0, Number.NaN]);
  });

  test("does not disturb a snapshot that is being taken", async () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    // A stream that was, whose counts still lie in the row that is given out next.
    const gone = joined.add(streamTo(V6));
    ipv6.answer(lastOf(ipv6), 1000);
    const stream = joined.add(streamTo(V4));
    ipv4.answer(lastOf(ipv4), 5);
    joined.remove(gone);
    let go = (): void => {};
    ipv6.delay = new Promise((resolve) => {
      go = resolve;
    });
    const taking = joined.snapshot();
    joined.retune(stream, streamTo(V6));
    go();
    const { echoes, up } = await taking;
    assert.deepEqual([echoes[stream], up[stream]], [5, 1]);
  });
});

test("a stream whose name has no address now keeps its place and its state", async () => {
  const { ipv4, ipv6, joined } = joinedEngines();
  const stream = joined.add(streamTo(V6));
  ipv6.answer(lastOf(ipv6), 5);
  // Where there is no address, the family of the order says nothing.
  joined.retune(stream, { ...streamTo(V4), address: undefined });
  assert.deepEqual([ipv4.orders.size, ipv6.orders.get(lastOf(ipv6))?.address], [1, undefined]);
  const { echoes, up } = await joined.snapshot();
  assert.deepEqual([echoes[stream], up[stream]], [5, 1]);
});

describe("two engines as one", () => {
  test("numberOf() finds the stream that an engine tells of", () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    const one = joined.add(streamTo(V4));
    const other = joined.add(streamTo(V6));
    assert.equal(joined.numberOf(ipv4, lastOf(ipv4)), one);
    assert.equal(joined.numberOf(ipv6, lastOf(ipv6)), other);
    assert.equal(joined.numberOf(ipv4, 1), undefined, "not one of the joined engine's");
    const inner = lastOf(ipv4);
    joined.remove(one);
    assert.equal(joined.numberOf(ipv4, inner), undefined);
  });

  test("one has more buckets than the other: every row has room for its own", async () => {
    const wide = RTT_BUCKET_COUNT + 10;
    const { ipv4, ipv6, joined } = joinedEngines({ ipv6: wide });
    const [one, other] = [joined.add(streamTo(V4)), joined.add(streamTo(V6))];
    ipv4.answer(lastOf(ipv4), 4);
    ipv6.answer(lastOf(ipv6), 6);
    ipv6.columns.rttBuckets[lastOf(ipv6) * wide + wide - 1] = 9;
    const { rttBuckets, rttBucketCount } = await joined.snapshot();
    assert.equal(rttBucketCount, wide);
    assert.deepEqual([rttBuckets[one * wide], rttBuckets[other * wide]], [4, 6]);
    assert.equal(rttBuckets[other * wide + wide - 1], 9);
  });

  test("a snapshot is of the earlier of both moments", async () => {
    const { ipv6, joined } = joinedEngines();
    ipv6.takenAtSeconds -= 2;
    assert.equal((await joined.snapshot()).takenAtSeconds, ipv6.takenAtSeconds);
  });

  test("echo() goes to the engine of its family", async () => {
    const { joined } = joinedEngines();
    for (const [address, errno] of [
      [V4, "ipv4"],
      [V6, "ipv6"],
    ] as const) {
      assert.deepEqual(await joined.echo(echoOrder(address)), { kind: "unsent", errno });
    }
  });

  test("figures() has both families, sums and every cause once", async () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    ipv4.missedTicks = 3;
    ipv6.missedTicks = 4;
    ipv4.suspectCauses = ["stopped"];
    ipv6.suspectCauses = ["clock_step", "stopped"];
    const { families, ...figures } = await joined.figures();
    assert.deepEqual(
      families.map(({ family, transport }) => [family, transport]),
      [
        ["ipv4", "raw"],
        ["ipv6", "ping"],
      ],
    );
    assert.deepEqual(figures, {
      wantedReceiveBufferBytes: 2000,
      foreignPackets: 2,
      fastEchoesSkipped: 4,
      stampsMissing: 6,
      missedTicks: 7,
      sendLag: { count: 4, sumSeconds: 1, buckets: Float64Array.of(2, 2) },
      suspectCauses: ["stopped", "clock_step"],
    });
  });

  test("a failure of one is a failure of both, and both are stopped", async () => {
    const { ipv4, ipv6, joined } = joinedEngines();
    assert.deepEqual([joined.state, joined.problem], ["running", undefined]);
    ipv6.state = "failed";
    ipv6.problem = "it fell over";
    assert.deepEqual([joined.state, joined.problem], ["failed", "it fell over"]);
    await assert.rejects(joined.snapshot(), { message: "it fell over" });
    await joined.stop();
    assert.deepEqual([ipv4.state, ipv6.state], ["stopped", "stopped"]);
  });
});

const changes = fc.array(
  fc.record({
    kind: fc.constantFrom("add", "answer", "move", "hide", "remove"),
    pick: fc.nat({ max: 20 }),
    isVersion6: fc.boolean(),
    echoes: fc.integer({ min: 1, max: 100 }),
  }),
  { maxLength: 80 },
);

test("whatever is added, moved and removed, each stream has its own counts", async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (happened) => {
      const { ipv4, ipv6, joined } = joinedEngines();
      /** Echoes of each stream that is there, and where it is. */
      const model = new Map<number, { echoes: number; engine: FakeEngine }>();
      for (const { kind, pick, isVersion6, echoes } of happened) {
        const address = isVersion6 ? V6 : V4;
        const engine = isVersion6 ? ipv6 : ipv4;
        const [number = 0, stream] = [...model][pick % Math.max(model.size, 1)] ?? [];
        if (kind === "add") {
          model.set(joined.add(streamTo(address)), { echoes: 0, engine });
        } else if (stream === undefined) {
          continue;
        } else if (kind === "answer") {
          const inner = [...stream.engine.orders.keys()].find(
            (one) => joined.numberOf(stream.engine, one) === number,
          );
          stream.engine.answer(inner ?? 0, echoes);
          stream.echoes += echoes;
        } else if (kind === "move") {
          joined.retune(number, streamTo(address));
          stream.engine = engine;
        } else if (kind === "hide") {
          joined.retune(number, { ...streamTo(V4), address: undefined });
        } else {
          joined.remove(number);
          model.delete(number);
        }
      }
      const snapshot = await joined.snapshot();
      for (const [number, { echoes }] of model) {
        assert.equal(snapshot.echoes[number], echoes);
        assert.equal(snapshot.rttBuckets[number * snapshot.rttBucketCount], echoes);
      }
      const places = [...model.values()].length;
      assert.ok(ipv4.orders.size + ipv6.orders.size <= 3 + 2 * places, "none was left behind");
    }),
  );
});

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { before, describe, test } from "node:test";
import { startEngine } from "../../../src/icmp/engine.ts";
import type { Engine, TallySnapshot } from "../../../src/icmp/engine-contract.ts";
import { RTT_BOUNDS_SECONDS, RTT_BUCKET_COUNT } from "../../../src/metrics/histogram.ts";
import { type Logger, silentLog } from "../../../src/runtime/log.ts";
import {
  ENGINE_OPTIONS,
  echoOrder,
  plainProfile,
  streamTo,
  withEngine,
} from "../../support/engine-orders.ts";
import { addSilentInterface, enterOwnNetwork } from "../../support/own-network.ts";
import { untilAsleep } from "../../support/thread-sleep.ts";
import { until } from "../../support/until.ts";

const DEADLINE_SECONDS = 20;
/** An address that takes packets and never answers. */
const SILENT = "203.0.113.9";

// At the start: the engine's thread is born into the network of the thread that starts it.
const skip = (await enterOwnNetwork()) ?? false;

/** Waits for a snapshot of which the condition holds. */
async function snapshotWhere(
  engine: Engine,
  what: string,
  holds: (snapshot: TallySnapshot) => boolean,
): Promise<TallySnapshot> {
  return until(
    async () => {
      const snapshot = await engine.snapshot();
      return holds(snapshot) ? snapshot : undefined;
    },
    { deadlineSeconds: DEADLINE_SECONDS, what },
  );
}

describe("the engine", () => {
  before(async () => {
    if (skip !== false) return;
    assert.equal(await addSilentInterface("203.0.113.1/24"), undefined);
  });

  test("it runs both families on raw sockets with kernel stamps", { skip }, async () => {
    await withEngine(async (engine) => {
      assert.equal(engine.state, "running");
      assert.equal(engine.problem, undefined);
      const { families } = await engine.figures();
      assert.deepEqual(
        families.map(({ family, transport, transmitStamp }) => [family, transport, transmitStamp]),
        [
          ["ipv4", "raw", "kernel"],
          ["ipv6", "raw", "kernel"],
        ],
      );
      for (const { receiveBufferBytes } of families) {
        assert.ok(receiveBufferBytes >= ENGINE_OPTIONS.receive_buffer);
      }
    });
  });

  for (const address of ["127.0.0.1", "::1"]) {
    test(`a stream to ${address} is measured`, { skip }, async () => {
      await withEngine(async (engine) => {
        const stream = engine.add(streamTo(address));
        const snapshot = await snapshotWhere(
          engine,
          "five echoes",
          ({ echoes }) => (echoes[stream] ?? 0) >= 5,
        );
        assert.equal(snapshot.lost[stream], 0);
        assert.equal(snapshot.up[stream], 1);
        assert.equal(snapshot.lossRatio[stream], 0);
        assert.equal(snapshot.replyHopLimit[stream], 64);
        assert.ok((snapshot.lastRttSeconds[stream] ?? 0) > 0);
        // By the kernel's stamps: read at the thread's next tick, all would be some 10 ms or more.
        const row = stream * RTT_BUCKET_COUNT;
        const quick = RTT_BOUNDS_SECONDS.filter(
          (bound, at) => bound < 0.005 && (snapshot.rttBuckets[row + at] ?? 0) > 0,
        );
        assert.ok(quick.length > 0);
        const { stampsMissing } = await engine.figures();
        assert.equal(stampsMissing, 0);
      });
    });
  }

  test("a silent address is lost and down", { skip }, async () => {
    await withEngine(async (engine) => {
      const stream = engine.add(streamTo(SILENT, { timeoutSeconds: 0.1 }));
      const snapshot = await snapshotWhere(engine, "a loss", ({ lost }) => (lost[stream] ?? 0) > 0);
      assert.equal(snapshot.up[stream], 0);
      assert.equal(snapshot.echoes[stream], snapshot.lost[stream]);
    });
  });

  test("a snapshot right after add() has the row, at 0 and unknown", { skip }, async () => {
    await withEngine(async (engine) => {
      const numbers = Array.from({ length: 500 }, (_, at) =>
        engine.add(streamTo("127.0.0.1", { intervalSeconds: 1000, phase: at / 500 })),
      );
      assert.equal(new Set(numbers).size, 500);
      const { echoes, up, lastRttSeconds } = await engine.snapshot();
      for (const number of numbers) {
        assert.ok(number > 0 && number < echoes.length);
        assert.equal(echoes[number], 0);
        assert.equal(up[number], Number.NaN);
        assert.equal(lastRttSeconds[number], Number.NaN);
      }
    });
  });

  test("every snapshot is whole while streams are added, retuned and removed", {
    skip,
  }, async () => {
    await withEngine(async (engine) => {
      const numbers: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        for (let at = 0; at < 100; at += 1) {
          const address = at % 2 === 0 ? "127.0.0.1" : "::1";
          numbers.push(engine.add(streamTo(address, { phase: at / 100 })));
        }
        for (const number of numbers.splice(0, 60)) engine.remove(number);
        for (const number of numbers.slice(0, 20)) engine.retune(number, streamTo("127.0.0.2"));
        const snapshot = await engine.snapshot();
        for (const number of numbers) {
          const row = snapshot.rttBuckets.subarray(
            number * RTT_BUCKET_COUNT,
            (number + 1) * RTT_BUCKET_COUNT,
          );
          const times = row.reduce((sum, count) => sum + count, 0);
          assert.equal((snapshot.echoes[number] ?? 0) - (snapshot.lost[number] ?? 0), times);
        }
      }
      const last = numbers.at(-1) ?? 0;
      const end = await snapshotWhere(engine, "echoes of the last stream", ({ echoes }) =>
        Boolean(echoes[last]),
      );
      for (const number of numbers) assert.equal(end.lost[number], 0);
    });
  });

  test("snapshots asked for at once are answered one after another", { skip }, async () => {
    await withEngine(async (engine) => {
      const stream = engine.add(streamTo("127.0.0.1"));
      const moments = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const { takenAtSeconds, echoes } = await engine.snapshot();
          return [takenAtSeconds, echoes[stream]];
        }),
      );
      assert.deepEqual(
        moments,
        moments.toSorted(([a = 0], [b = 0]) => a - b),
      );
    });
  });

  test("retune() changes the address and keeps the counters", { skip }, async () => {
    await withEngine(async (engine) => {
      const stream = engine.add(streamTo(SILENT, { timeoutSeconds: 0.1 }));
      const silent = await snapshotWhere(engine, "a loss", ({ lost }) => (lost[stream] ?? 0) > 0);
      const lostBefore = silent.lost[stream] ?? 0;
      engine.retune(stream, streamTo("::1", { timeoutSeconds: 0.1 }));
      const snapshot = await snapshotWhere(engine, "an answer", ({ up }) => up[stream] === 1);
      assert.ok((snapshot.lost[stream] ?? 0) >= lostBefore);
      engine.retune(stream, { ...streamTo("::1"), address: undefined });
      await engine.snapshot();
      const quiet = (await engine.snapshot()).echoes[stream];
      await engine.figures();
      assert.equal((await engine.snapshot()).echoes[stream], quiet);
    });
  });

  test("a number used again starts at 0", { skip }, async () => {
    await withEngine(async (engine) => {
      const stream = engine.add(streamTo("127.0.0.1"));
      await snapshotWhere(engine, "an echo", ({ echoes }) => (echoes[stream] ?? 0) > 0);
      engine.remove(stream);
      await engine.snapshot();
      const again = engine.add(streamTo("127.0.0.1", { intervalSeconds: 1000, phase: 0.99 }));
      assert.equal(again, stream);
      const snapshot = await engine.snapshot();
      assert.equal(snapshot.echoes[again], 0);
      assert.equal(snapshot.up[again], Number.NaN);
    });
  });

  test("remove() said twice does not give one number to two streams", { skip }, async () => {
    await withEngine(async (engine) => {
      const gone = engine.add(streamTo("127.0.0.1"));
      engine.remove(gone);
      await engine.snapshot();
      engine.remove(gone);
      engine.remove(999);
      await engine.snapshot();
      const numbers = [1, 2, 3, 4].map(() => engine.add(streamTo("127.0.0.1")));
      assert.equal(new Set(numbers).size, 4);
      assert.equal(numbers.includes(999), false);
    });
  });

  test("a stream that cannot be sent as asked is told of, and counts nothing", {
    skip,
  }, async () => {
    const warnings: unknown[] = [];
    const log: Logger = { ...silentLog, warn: (_message, fields) => warnings.push(fields) };
    await withEngine(async (engine) => {
      const profile = { ...plainProfile("127.0.0.1"), source: "192.0.2.1" };
      const stream = engine.add(streamTo("127.0.0.1", { profile }));
      const snapshot = await engine.snapshot();
      assert.equal(snapshot.echoes[stream], 0);
      assert.deepEqual(warnings, [
        {
          address: "127.0.0.1",
          error: "Cannot set source address 192.0.2.1 on the ipv4 ICMP socket: EADDRNOTAVAIL",
        },
      ]);
    }, log);
  });

  test("after many requests the thread sleeps again", { skip }, async () => {
    await withEngine(async (engine) => {
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(Array.from({ length: 500 }, () => engine.figures()));
        await untilAsleep(DEADLINE_SECONDS);
      }
    });
  });

  test("stop() closes every socket, and what is asked afterwards is refused", {
    skip,
  }, async () => {
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    const engine = await startEngine({
      engine: ENGINE_OPTIONS,
      log: silentLog,
      onFault: (error) => assert.fail(error),
    });
    engine.add(streamTo("127.0.0.1"));
    await engine.snapshot();
    assert.ok(descriptors() > before);
    const waiting = engine.echo(echoOrder(SILENT, 60));
    const refused = assert.rejects(waiting, { message: "The ICMP engine was stopped" });
    await engine.figures();
    await engine.stop();
    await refused;
    assert.equal(engine.state, "stopped");
    assert.equal(descriptors(), before);
    await assert.rejects(engine.snapshot(), /Cannot use the ICMP engine: stopped/);
    await assert.rejects(engine.figures(), /Cannot use the ICMP engine: stopped/);
    await assert.rejects(
      engine.echo(echoOrder("127.0.0.1")),
      /Cannot use the ICMP engine: stopped/,
    );
    await engine.stop();
  });

  test("an engine can be started and stopped many times", { skip }, async () => {
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 10; round += 1) {
      await withEngine(async (engine) => {
        engine.add(streamTo("127.0.0.1"));
      });
    }
    assert.equal(readdirSync("/proc/self/fd").length, before);
  });
});

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { startEngine } from "../../../src/icmp/engine.ts";
import type { Engine, EngineFigures } from "../../../src/icmp/engine-contract.ts";
import { TRANSPORT_NAMES, type TransportName } from "../../../src/icmp/transport.ts";
import { silentLog } from "../../../src/runtime/log.ts";
import { ENGINE_OPTIONS, echoOrder, streamTo } from "../../support/engine-orders.ts";
import { addSilentInterface, enterOwnNetwork } from "../../support/own-network.ts";
import { until } from "../../support/until.ts";

const DEADLINE_SECONDS = 20;
/** Takes packets and never answers. */
const SILENT = "203.0.113.9";
const LOOPBACK = ["127.0.0.1", "::1"] as const;
/** `net.ipv4.ping_group_range` of the network namespace of whoever opens the file. */
const PING_GROUP_RANGE = "/proc/sys/net/ipv4/ping_group_range";

// At the start: the engine's thread is born into the network of the thread that starts it.
const notOwn = await enterOwnNetwork();
/** Where it may not have a network of its own, an ordinary user still has what its machine gives it. */
if (notOwn === undefined) {
  writeFileSync(PING_GROUP_RANGE, "0 2147483647");
  assert.equal(await addSilentInterface("203.0.113.1/24"), undefined);
}

type Stamp = EngineFigures["families"][number]["transmitStamp"];
const STAMPS = {
  raw: "kernel",
  dgram: "kernel",
  "raw-socket": "send_call",
  ping: "send_call",
} as const satisfies Readonly<Record<TransportName, Stamp>>;

/** Why the engine cannot have a transport here; undefined when it can. */
async function refusalOf(transport: TransportName): Promise<string | undefined> {
  const engine = await startEngine({
    engine: { ...ENGINE_OPTIONS, transport },
    log: silentLog,
    onFault: () => {},
  });
  await engine.stop();
  return engine.problem;
}

async function withTransport(
  transport: TransportName,
  use: (engine: Engine, faults: readonly Error[]) => Promise<void>,
): Promise<void> {
  const faults: Error[] = [];
  const engine = await startEngine({
    engine: { ...ENGINE_OPTIONS, transport },
    log: silentLog,
    onFault: (error) => faults.push(error),
  });
  try {
    await use(engine, faults);
  } finally {
    await engine.stop();
  }
  assert.deepEqual(faults, []);
}

const ofBoth = <T>(of: (address: string) => T): readonly T[] => LOOPBACK.map(of);

after(() => {
  if (notOwn === undefined) writeFileSync(PING_GROUP_RANGE, "1 0");
});

/** What root has in a network of its own, wherever the FFI package is there, which made the network. */
const CERTAIN: ReadonlySet<TransportName> = new Set(["raw", "dgram"]);

for (const name of TRANSPORT_NAMES) {
  const isCertain = notOwn === undefined && CERTAIN.has(name);
  const skip = isCertain ? false : ((await refusalOf(name)) ?? false);

  describe(`the engine by ${name}`, () => {
    test("has it for both families, and tells whose stamps it goes by", { skip }, async () => {
      await withTransport(name, async (engine) => {
        assert.deepEqual([engine.state, engine.problem], ["running", undefined]);
        const { families } = await engine.figures();
        assert.deepEqual(
          families.map(({ family, transport, transmitStamp }) => [
            family,
            transport,
            transmitStamp,
          ]),
          [
            ["ipv4", name, STAMPS[name]],
            ["ipv6", name, STAMPS[name]],
          ],
        );
      });
    });

    test("measures streams of both families", { skip }, async () => {
      await withTransport(name, async (engine) => {
        const streams = ofBoth((address) =>
          engine.add(streamTo(address, { intervalSeconds: 0.2, timeoutSeconds: 2 })),
        );
        const snapshot = await until(
          async () => {
            const taken = await engine.snapshot();
            return streams.every((stream) => (taken.echoes[stream] ?? 0) >= 3) && taken;
          },
          { deadlineSeconds: DEADLINE_SECONDS, what: "three echoes of each" },
        );
        for (const stream of streams) {
          assert.deepEqual([snapshot.lost[stream], snapshot.unsent[stream]], [0, 0]);
          assert.equal(snapshot.up[stream], 1);
          const rtt = snapshot.lastRttSeconds[stream] ?? 0;
          assert.ok(rtt > 0 && rtt < 1, `${rtt} s`);
        }
        const { stampsMissing } = await engine.figures();
        assert.equal(stampsMissing, 0);
      });
    });

    test("answers one echo now, and tells of one without an answer", {
      skip: notOwn ?? skip,
    }, async () => {
      await withTransport(name, async (engine) => {
        const outcomes = await Promise.all([
          ...ofBoth((address) => engine.echo(echoOrder(address))),
          engine.echo(echoOrder(SILENT, 0.3)),
        ]);
        assert.deepEqual(
          outcomes.map(({ kind }) => kind),
          ["answered", "answered", "lost"],
        );
      });
    });

    test("overtakes no reply by its deadline when this thread stands still while echoes are out", {
      skip,
    }, async () => {
      await withTransport(name, async (engine) => {
        const streams = ofBoth((address) =>
          engine.add(streamTo(address, { intervalSeconds: 0.1, timeoutSeconds: 0.09 })),
        );
        for (let round = 0; round < 15; round += 1) {
          await engine.snapshot();
          // Answers lie in sockets and pipes that nobody reads, and their deadlines pass.
          const end = performance.now() + 150;
          while (performance.now() < end);
        }
        const { echoes, lost, lateReplies } = await engine.snapshot();
        for (const stream of streams) assert.ok((echoes[stream] ?? 0) > 5);
        // The package has no stamps: what it reads after the stop it can only take for late.
        const late = streams.map((stream) => lateReplies[stream]);
        if (name !== "raw-socket") assert.deepEqual(late, [0, 0]);
        assert.deepEqual(
          streams.map((stream) => lost[stream]),
          late,
        );
      });
    });

    test("leaves nothing open after stop(), with echoes out", {
      skip: notOwn ?? skip,
    }, async () => {
      const descriptors = (): number => readdirSync("/proc/self/fd").length;
      const before = descriptors();
      await withTransport(name, async (engine) => {
        engine.add(streamTo(SILENT));
        const waiting = engine.echo(echoOrder(SILENT, 60));
        const refused = assert.rejects(waiting, { message: "The ICMP engine was stopped" });
        await engine.snapshot();
        await engine.stop();
        await refused;
        assert.equal(engine.state, "stopped");
        await assert.rejects(engine.figures(), /Cannot use the ICMP engine: stopped/);
      });
      await until(() => descriptors() <= before, {
        deadlineSeconds: DEADLINE_SECONDS,
        what: "every descriptor to be closed",
      });
    });
  });
}

test("ping sockets for no group: dgram alone is no engine, and the problem names the setting", {
  skip: notOwn ?? false,
}, async () => {
  writeFileSync(PING_GROUP_RANGE, "1 0");
  try {
    await withTransport("dgram", async (engine) => {
      assert.equal(engine.state, "unavailable");
      assert.match(engine.problem ?? "", /dgram: net\.ipv4\.ping_group_range allows no group/);
      assert.match(engine.problem ?? "", /ipv4 and ipv6: dgram/, "one reason for both, said once");
      await assert.rejects(engine.echo(echoOrder("127.0.0.1")), /net\.ipv4\.ping_group_range/);
    });
  } finally {
    writeFileSync(PING_GROUP_RANGE, "0 2147483647");
  }
});

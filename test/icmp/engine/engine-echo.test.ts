import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { echoOrder, withEngine } from "../../support/engine-orders.ts";
import { addSilentInterface, enterOwnNetwork } from "../../support/own-network.ts";

/** An address that takes packets and never answers. */
const SILENT = "203.0.113.9";

// At the start: the engine's thread is born into the network of the thread that starts it.
const skip = (await enterOwnNetwork()) ?? false;

describe("an echo on demand", () => {
  before(async () => {
    if (skip !== false) return;
    assert.equal(await addSilentInterface("203.0.113.1/24"), undefined);
  });

  test("echo() is answered, with its time and hop limit", { skip }, async () => {
    await withEngine(async (engine) => {
      for (const address of ["127.0.0.1", "::1"]) {
        const outcome = await engine.echo(echoOrder(address));
        assert.ok(outcome.kind === "answered", JSON.stringify(outcome));
        assert.ok(outcome.rttSeconds > 0 && outcome.rttSeconds < 1);
        assert.equal(outcome.hopLimit, 64);
      }
    });
  });

  test("echo() of a silent address is lost, of one without a route unsent", { skip }, async () => {
    await withEngine(async (engine) => {
      assert.deepEqual(await engine.echo(echoOrder(SILENT, 0.1)), {
        kind: "lost",
        explanation: undefined,
      });
      assert.deepEqual(await engine.echo(echoOrder("192.0.2.1")), {
        kind: "unsent",
        errno: "ENETUNREACH",
      });
    });
  });

  test("echo() that cannot be sent as asked says why", { skip }, async () => {
    await withEngine(async (engine) => {
      const order = echoOrder("127.0.0.1");
      const profile = { ...order.profile, interface: "nope0" };
      await assert.rejects(engine.echo({ ...order, profile }), {
        message: "Cannot set interface nope0 on the ipv4 ICMP socket: ENODEV",
      });
      assert.equal((await engine.echo(order)).kind, "answered");
    });
  });

  test("hundreds of echo() at once and one after another each get their own end", {
    skip,
  }, async () => {
    await withEngine(async (engine) => {
      const answers = Array.from({ length: 300 }, (_, at) =>
        engine.echo(echoOrder(at % 3 === 0 ? "::1" : "127.0.0.1")),
      );
      const losses = Array.from({ length: 50 }, () => engine.echo(echoOrder(SILENT, 0.2)));
      assert.ok((await Promise.all(answers)).every(({ kind }) => kind === "answered"));
      assert.ok((await Promise.all(losses)).every(({ kind }) => kind === "lost"));
      for (let at = 0; at < 300; at += 1) {
        assert.equal((await engine.echo(echoOrder("127.0.0.1"))).kind, "answered");
      }
    });
  });
});

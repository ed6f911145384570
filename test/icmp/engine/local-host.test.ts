import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { EchoStream } from "../../../src/icmp/echo.ts";
import type { HostListener } from "../../../src/icmp/engine/engine-host.ts";
import { LocalHost } from "../../../src/icmp/engine/local-host.ts";
import type { CoreReport, EngineRequest } from "../../../src/icmp/engine/messages.ts";
import { blockBytes, columnsOf } from "../../../src/icmp/loop/tally-layout.ts";
import { streamTo } from "../../support/engine-orders.ts";
import { answered, silent } from "../../support/fake-transport.ts";
import { until } from "../../support/until.ts";
import { coreOver, RunningTransport } from "./running-core.ts";

const DEADLINE_SECONDS = 20;
const ADDRESS = "192.0.2.1";

/** Keeps what a host tells. */
class Listener implements HostListener {
  readonly reports: CoreReport[] = [];
  readonly faults: Error[] = [];

  onReport(report: CoreReport): void {
    this.reports.push(report);
  }

  onFault(error: Error): void {
    this.faults.push(error);
  }

  get kinds(): readonly string[] {
    return this.reports.map(({ kind }) => kind);
  }
}

/** A host over a network in memory. Timers stand still in it unless `hasTimers`. */
function hosted(t: TestContext, options: { readonly hasTimers?: boolean } = {}) {
  if (options.hasTimers !== true) t.mock.timers.enable({ apis: ["setTimeout"] });
  const transport = new RunningTransport();
  const listener = new Listener();
  const host = new LocalHost((report) => coreOver([transport], report), listener);
  t.after(() => host.stop());
  return { transport, listener, host };
}

const stream = (changed: Partial<EchoStream> = {}): EchoStream => ({
  ...streamTo(ADDRESS),
  number: 1,
  ...changed,
});

/** One echo now, that is waited for as good as for ever. */
const oneShot = (number = 2): EngineRequest => ({
  kind: "one_shot",
  stream: stream({ number, timeoutSeconds: 3600, intervalSeconds: 3600 }),
});

describe("an answer", () => {
  test("never comes within the call that asked, and then in the order of the calls", async (t) => {
    const { host, listener } = hosted(t);
    const block = new SharedArrayBuffer(blockBytes(4));
    const bucketCount = columnsOf(block).rttBuckets.length / 4;
    host.send({ kind: "figures" });
    host.send({ kind: "snapshot", block, rows: 4, bucketCount });
    host.send({ kind: "failures" });
    host.send({ kind: "set", streams: [stream({ address: "no address" })] });
    assert.deepEqual(listener.kinds, []);
    await turn();
    assert.deepEqual(listener.kinds, ["figures", "snapshot", "failures", "refused"]);
  });

  test("may be asked for by whoever takes the one before", async (t) => {
    const { host, listener } = hosted(t);
    let depth = 0;
    listener.onReport = (report) => {
      depth += 1;
      assert.equal(depth, 1, "not within one another");
      listener.reports.push(report);
      if (listener.reports.length < 3) host.send({ kind: "figures" });
      depth -= 1;
    };
    host.send({ kind: "figures" });
    await until(() => listener.reports.length >= 3, {
      deadlineSeconds: DEADLINE_SECONDS,
      what: "three answers",
    });
  });
});

describe("ticks", () => {
  test("come by themselves: a stream is measured without anybody asking", async (t) => {
    const { host, transport, listener } = hosted(t, { hasTimers: true });
    transport.fate = () => answered(0.001);
    host.send({ kind: "set", streams: [stream({ intervalSeconds: 0.02 })] });
    await until(() => transport.sent.length >= 5, {
      deadlineSeconds: DEADLINE_SECONDS,
      what: "five echoes",
    });
    const block = new SharedArrayBuffer(blockBytes(2));
    const columns = columnsOf(block);
    const bucketCount = columns.rttBuckets.length / 2;
    host.send({ kind: "snapshot", block, rows: 2, bucketCount });
    await turn();
    assert.deepEqual(listener.kinds, ["snapshot"]);
    assert.ok((columns.echoes[1] ?? 0) >= 4);
    assert.equal(columns.up[1], 1);
  });

  test("come at once when a packet arrives that somebody waits for", async (t) => {
    const { host, transport, listener } = hosted(t);
    transport.fate = () => answered(0);
    host.send(oneShot());
    await turn();
    host.arrived();
    await until(() => listener.reports.length > 0 || (host.arrived(), false), {
      deadlineSeconds: DEADLINE_SECONDS,
      what: "the end of the echo",
    });
    const [report] = listener.reports;
    assert.equal(report?.kind === "one_shot" ? report.outcome.kind : report, "answered");
  });

  test("come once for many packets, however often the transport tells of them", async (t) => {
    const { host, transport } = hosted(t);
    transport.fate = silent;
    host.send(oneShot());
    await turn();
    const before = transport.errorReads;
    for (let packet = 0; packet < 100; packet += 1) host.arrived();
    await turn();
    await turn();
    assert.equal(transport.errorReads, before + 1);
  });

  for (const { name, requests } of [
    { name: "at all", requests: [] },
    { name: "but the grid", requests: [{ kind: "set", streams: [stream()] }] },
  ] as const) {
    test(`do not come for a packet when nobody waits ${name}`, async (t) => {
      const { host, transport } = hosted(t);
      for (const request of requests) host.send(request);
      await turn();
      const before = transport.errorReads;
      host.arrived();
      await turn();
      await turn();
      assert.equal(transport.errorReads, before);
      t.mock.timers.tick(250);
      await turn();
      assert.equal(transport.errorReads, before + 1, "the next one in its time takes it in");
    });
  }

  test("do not wait for ever while request comes upon request", async (t) => {
    const { host, transport } = hosted(t);
    host.send({ kind: "set", streams: [stream({ intervalSeconds: 3600 })] });
    const before = transport.errorReads;
    for (let millisecond = 0; millisecond < 1000; millisecond += 1) {
      host.send({ kind: "figures" });
      t.mock.timers.tick(1);
      if (millisecond % 100 === 0) await turn();
    }
    await turn();
    assert.ok(transport.errorReads > before, "a second has passed");
  });
});

describe("a fault", () => {
  const break_ = (transport: RunningTransport): void => {
    transport.onQueue = () => {
      throw new Error("the network fell over");
    };
  };

  test("in a request is told once and ends it", async (t) => {
    const { host, transport, listener } = hosted(t);
    break_(transport);
    host.send(oneShot());
    host.send(oneShot(3));
    host.send({ kind: "figures" });
    host.arrived();
    t.mock.timers.tick(250);
    await turn();
    assert.deepEqual(
      listener.faults.map(({ message }) => message),
      ["the network fell over"],
    );
    assert.deepEqual([listener.kinds, transport.isClosed], [[], true]);
    await host.stop();
  });

  test("in a tick is told once and ends it", async (t) => {
    const { host, transport, listener } = hosted(t, { hasTimers: true });
    break_(transport);
    host.send({ kind: "set", streams: [stream({ intervalSeconds: 0.01 })] });
    await until(() => listener.faults.length > 0, {
      deadlineSeconds: DEADLINE_SECONDS,
      what: "the fault",
    });
    const before = transport.errorReads;
    host.send({ kind: "figures" });
    await turn();
    assert.deepEqual(
      [listener.faults.length, transport.isClosed, transport.errorReads, listener.kinds],
      [1, true, before, []],
    );
  });

  test("that is no Error becomes one", async (t) => {
    const { host, transport, listener } = hosted(t);
    transport.onQueue = () => {
      // What foreign code throws is foreign too.
      throw "a mere word" as unknown as Error;
    };
    host.send(oneShot());
    await turn();
    assert.ok(listener.faults[0] instanceof Error);
    assert.equal(listener.faults[0].message, "a mere word");
  });
});

describe("after stop()", () => {
  test("the transports are closed, once", async (t) => {
    const { host, transport } = hosted(t);
    await Promise.all([host.stop(), host.stop()]);
    await host.stop();
    assert.equal(transport.isClosed, true);
  });

  test("what was asked before is not answered, and nothing is asked of the core", async (t) => {
    const { host, transport, listener } = hosted(t);
    host.send({ kind: "figures" });
    host.send(oneShot());
    host.arrived();
    await host.stop();
    const before = [transport.errorReads, transport.sent.length];
    host.send({ kind: "figures" });
    host.send(oneShot(3));
    host.arrived();
    t.mock.timers.tick(1000);
    await turn();
    assert.deepEqual(listener.kinds, []);
    assert.deepEqual([transport.errorReads, transport.sent.length], before);
    assert.deepEqual(listener.faults, []);
  });

  test("no timer is left", async (t) => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    const { host } = hosted(t, { hasTimers: true });
    host.send({ kind: "set", streams: [stream()] });
    assert.equal(timers(), before + 1);
    await host.stop();
    assert.equal(timers(), before);
  });
});

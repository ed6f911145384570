import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ProbeRequest } from "../../../src/probe/probe-request.ts";
import type {
  PoolStream,
  StreamOutcome,
  WorkerSettings,
} from "../../../src/probe/worker/messages.ts";
import { createProbePool, type ProbePoolOptions } from "../../../src/probe/worker/pool.ts";
import { resolverOptions } from "../../../src/resolve/options.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLog } from "../../../src/runtime/log.ts";
import { until } from "../../support/until.ts";
import { httpModule, later, reasonOf, serveHttp } from "../lab.ts";

const SETTINGS: WorkerSettings = {
  modules: { http: httpModule({ preferred_ip_protocol: "ip4" }) },
  resolver: resolverOptions.parse({}),
  maxConcurrent: 10,
  guard: { deny: ["metadata"], listen: [] },
};

async function startPool(t: TestContext, changes: Partial<ProbePoolOptions> = {}) {
  const outcomes: StreamOutcome[] = [];
  const faults: Error[] = [];
  const pool = await createProbePool({
    settings: SETTINGS,
    log: silentLog,
    onOutcomes: (batch) => outcomes.push(...batch),
    onFault: (error) => faults.push(error),
    ...changes,
  });
  t.after(() => pool.stop());
  return { pool, outcomes, faults };
}

function stream(
  number: number,
  target: string,
  changes: Partial<Pick<PoolStream, "intervalSeconds" | "fast">> = {},
) {
  return {
    number,
    module: "http",
    target,
    intervalSeconds: 0.2,
    timeoutSeconds: 5,
    phase: 0.5,
    fast: undefined,
    ...changes,
  };
}

function onDemand(target: string, changes: Partial<ProbeRequest> = {}): ProbeRequest {
  return {
    module: httpModule(),
    target,
    hostname: undefined,
    timeoutSeconds: 5,
    permit: { kind: "deny_only" },
    isDebug: true,
    ...changes,
  };
}

const never = new AbortController().signal;
const soon = (what: string) => ({ deadlineSeconds: 20, what });

test("streams are probed again and again until they are removed", async (t) => {
  const server = await serveHttp(t, (_request, response) => response.end("ok"));
  const { pool, outcomes, faults } = await startPool(t);
  pool.add(stream(1, `127.0.0.1:${server.port}`));
  pool.add(stream(2, "127.0.0.1:1"));
  await until(
    () => [1, 2].every((number) => outcomes.filter((one) => one.stream === number).length >= 3),
    soon("three outcomes of either stream"),
  );
  for (const { stream: number, outcome, startDelaySeconds } of outcomes) {
    assert.equal(reasonOf(outcome), number === 1 ? "succeeded" : "connect_refused");
    assert.ok(startDelaySeconds >= 0);
    assert.deepEqual(outcome.log, []);
  }
  pool.remove(1);
  pool.remove(2);
  await until(async () => (await pool.figures()).inFlight["http"] === 0, soon("an idle worker"));
  const count = outcomes.length;
  await pool.figures();
  assert.ok(outcomes.length <= count + 2);
  assert.deepEqual(faults, []);
});

test("a failing stream is probed at its fast pace, and each outcome tells which it is", async (t) => {
  const { pool, outcomes } = await startPool(t);
  const fast = { intervalSeconds: 0.1, untilLoss: 0.05, windowSeconds: 60 };
  pool.add(stream(1, "127.0.0.1:1", { intervalSeconds: 1, fast }));
  await until(() => outcomes.filter(({ pace }) => pace.isFast).length >= 3, soon("fast outcomes"));
  assert.deepEqual(outcomes[0]?.pace, { isFast: false, isAtFastPace: true });
  for (const { outcome, pace } of outcomes) {
    assert.equal(reasonOf(outcome), "connect_refused");
    assert.equal(pace.isAtFastPace, true);
  }
});

test("figures tell what is in flight and which due times met a running probe", async (t) => {
  const server = await serveHttp(t, () => {});
  const { pool } = await startPool(t);
  pool.add(stream(1, `127.0.0.1:${server.port}`, { intervalSeconds: 0.05 }));
  const figures = await until(async () => {
    const seen = await pool.figures();
    return (seen.missedTicks["http"] ?? 0) >= 3 ? seen : undefined;
  }, soon("missed ticks"));
  assert.equal(figures.inFlight["http"], 1);
  assert.equal(figures.waiting, 0);
});

test("one probe on demand answers with its log and the hostname it was given", async (t) => {
  const server = await serveHttp(t, (request, response) => response.end(request.headers.host));
  const { pool } = await startPool(t);
  const module = httpModule({ fail_if_body_not_matches_regexp: ["^named\\.example$"] });
  const request = onDemand(`127.0.0.1:${server.port}`, { module, hostname: "named.example" });
  const outcome = await pool.probe(request, never);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.ok(outcome.log.length > 0);
});

test("a caller that goes away cancels its probe", async (t) => {
  const caller = new AbortController();
  const server = await serveHttp(t, () => caller.abort());
  const { pool } = await startPool(t);
  const probing = pool.probe(onDemand(`127.0.0.1:${server.port}`), caller.signal);
  assert.equal(reasonOf(await probing), "cancelled");
  const gone = await pool.probe(onDemand(`127.0.0.1:${server.port}`), caller.signal);
  assert.equal(reasonOf(gone), "cancelled");
});

test("the guard of the worker refuses what policy denies", async (t) => {
  const { pool } = await startPool(t);
  const outcome = await pool.probe(onDemand("http://169.254.169.254/"), never);
  assert.equal(reasonOf(outcome), "policy_refused");
});

/** Holds this thread, and with it everything but the worker. */
function stall(seconds: number): void {
  const untilSeconds = systemClock.monotonicSeconds() + seconds;
  while (systemClock.monotonicSeconds() < untilSeconds);
}

test("a main thread that stalls is not seen in the phases", async (t) => {
  // The server lives in a thread of its own, or the stall would be its own delay.
  const { Worker } = await import("node:worker_threads");
  const server = new Worker(
    `const { createServer } = require("node:http");
     const server = createServer((request, response) => response.end("ok"));
     server.listen(0, "127.0.0.1", () =>
       require("node:worker_threads").parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  t.after(() => server.terminate());
  const port = await new Promise<number>((resolve) => server.once("message", resolve));
  const { pool, outcomes } = await startPool(t);
  pool.add(stream(1, `127.0.0.1:${port}`, { intervalSeconds: 0.05 }));
  await until(() => outcomes.length > 0, soon("a first outcome"));
  const before = outcomes.length;
  stall(1.5);
  await until(() => outcomes.length > before + 5, soon("the outcomes of the stall"));
  const during = outcomes.slice(before);
  assert.ok(during.length > 5);
  for (const { outcome } of during) {
    assert.equal(reasonOf(outcome), "succeeded");
    assert.ok(outcome.durationSeconds < 1, `took ${outcome.durationSeconds} s`);
  }
});

test("configure() puts other modules and another policy in force, for streams added from then on", async (t) => {
  const asked: string[] = [];
  const { port } = await serveHttp(t, (request, response) => {
    asked.push(String(request.headers["user-agent"]));
    response.end();
  });
  const { pool, outcomes } = await startPool(t);
  pool.configure({
    ...SETTINGS,
    modules: { later: httpModule({ headers: { "User-Agent": "later" } }) },
    guard: { deny: ["127.0.0.0/8"], listen: [] },
  });
  pool.add({ ...stream(1, `http://127.0.0.1:${port}/`), module: "later" });
  await until(() => outcomes.length > 0, soon("an outcome"));
  assert.ok(asked.includes("later"));
  const outcome = await pool.probe(onDemand(`http://127.0.0.1:${port}/`), never);
  assert.equal(reasonOf(outcome), "policy_refused");
});

test("a worker that dies is a fault, and whoever waits for it hears of it", async (t) => {
  const server = await serveHttp(t, () => {});
  const { pool, faults } = await startPool(t);
  const probing = pool.probe(onDemand(`127.0.0.1:${server.port}`), never);
  // A stream of a module that does not exist is a bug of ours, which ends the thread.
  pool.add({ ...stream(1, "127.0.0.1"), module: "none" });
  await assert.rejects(probing, /Cannot go on probing/);
  await until(() => faults.length > 0, soon("the fault"));
  assert.equal(faults.length, 1);
  assert.match(String(faults[0]?.cause), /no module none/);
  await assert.rejects(pool.figures(), /Cannot go on probing/);
});

test("a worker that cannot start is an error of the start", async (t) => {
  const workerUrl = new URL("data:text/javascript,throw new Error('broken')");
  await assert.rejects(startPool(t, { workerUrl }), /Cannot go on probing/);
});

test("stop() cuts what is in flight and ends the thread without a fault", async (t) => {
  const server = await serveHttp(t, () => {});
  const { pool, faults } = await startPool(t);
  pool.add(stream(1, `127.0.0.1:${server.port}`));
  await until(async () => (await pool.figures()).inFlight["http"] === 1, soon("a probe in flight"));
  const demanded = pool.probe(onDemand(`127.0.0.1:${server.port}`), never);
  demanded.catch(() => {});
  later(0, () => {});
  await pool.stop();
  assert.deepEqual(faults, []);
  await assert.rejects(pool.figures());
  await pool.stop();
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { NameWatch } from "../../src/agent/name-watch.ts";
import type { Resolution, Resolve } from "../../src/resolve/resolution.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { until } from "../support/until.ts";

const LIMIT_SECONDS = 30;

function resolved(ttlSeconds: number): Resolution {
  return {
    kind: "resolved",
    addresses: [{ text: "192.0.2.1", family: "ipv4" }],
    ttlSeconds,
    isStale: false,
  };
}

function watching(t: TestContext, resolve: Resolve) {
  const told: string[] = [];
  const names = new NameWatch({
    resolve,
    clock: systemClock,
    retrySeconds: () => 1,
    onResolution: (name) => told.push(name),
  });
  t.after(() => names.stop());
  return { names, told };
}

test("a name that is due soon does not wait for one that is due late", async (t) => {
  const { names, told } = watching(t, async (name) => resolved(name === "late" ? 3600 : 0));
  names.watch("late");
  await until(() => told.length === 1, { deadlineSeconds: LIMIT_SECONDS, what: "the late name" });
  names.watch("soon");
  await until(() => told.filter((name) => name === "soon").length >= 2, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "the second look-up of the one due soon",
  });
  assert.equal(told.filter((name) => name === "late").length, 1);
});

test("stop() gives up a question under way without a fault", async (t) => {
  let ask = (): void => {};
  const asked = new Promise<void>((done) => {
    ask = done;
  });
  const { names, told } = watching(t, async (_name, signal) => {
    ask();
    return await new Promise<Resolution>((_done, reject) => {
      signal.addEventListener("abort", () => reject(new Error("closed")), { once: true });
    });
  });
  names.watch("slow");
  await asked;
  names.stop();
  // A rejection that nobody took would end the test's process before the next turn.
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(told, []);
});

test("what was asked for a name that is no longer watched is nobody's", async (t) => {
  const answers: ((resolution: Resolution) => void)[] = [];
  const { names, told } = watching(
    t,
    async () => await new Promise<Resolution>((done) => answers.push(done)),
  );
  names.watch("gone");
  names.unwatch("gone");
  names.watch("here");
  for (const answer of answers) answer(resolved(60));
  await until(() => told.length > 0, { deadlineSeconds: LIMIT_SECONDS, what: "an answer" });
  assert.deepEqual(told, ["here"]);
  assert.equal(names.latest("gone"), undefined);
  assert.equal(names.latest("here")?.kind, "resolved");
});

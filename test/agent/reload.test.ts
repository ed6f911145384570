import assert from "node:assert/strict";
import { test } from "node:test";
import { meaningOf } from "../../src/agent/in-force.ts";
import { createReload } from "../../src/agent/reload.ts";
import type { Config } from "../../src/config/config.ts";
import type { Loaded } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import type { Engine } from "../../src/icmp/engine-contract.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { fakeClock } from "../support/fake-clock.ts";

const OLD = "groups: [{name: a, modules: [icmp], targets: [192.0.2.1]}]";

function loadedOf(text: string): Loaded {
  return { ...parseConfig(text), text };
}

function configOf(text: string): Config {
  const parsed = parseConfig(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const NO_ENGINE = {
  state: "unavailable",
  problem: "no transport works: grant CAP_NET_RAW",
} as Engine;

/** A reload whose file is `files`, one text after the other, with everything around it noted. */
function reloading(files: readonly (string | Promise<string>)[]) {
  const current = { inForce: meaningOf(configOf(OLD)), text: OLD };
  const noted = { loads: 0, engines: 0, swaps: 0, results: [] as boolean[] };
  const reload = createReload({
    source: {
      name: "sounder.yml",
      load: async () => {
        const text = await files[noted.loads];
        noted.loads += 1;
        assert.ok(text !== undefined, "no more files");
        return loadedOf(text);
      },
    },
    current,
    startEngine: async () => {
      noted.engines += 1;
      return NO_ENGINE;
    },
    swap: async (next, _engine, text) => {
      noted.swaps += 1;
      current.inForce = next;
      current.text = text ?? "";
    },
    metrics: { setReload: (isOk) => noted.results.push(isOk) },
    clock: fakeClock(),
    log: silentLog,
  });
  return { reload, current, noted };
}

test("reload() of another file puts it in force", async () => {
  const { reload, current, noted } = reloading([OLD.replace("192.0.2.1", "192.0.2.7")]);
  assert.deepEqual(await reload(), { kind: "reloaded" });
  assert.equal(current.inForce.streamList.streams[0]?.target.target, "192.0.2.7");
  assert.deepEqual(noted, { loads: 1, engines: 0, swaps: 1, results: [true] });
});

test("reload() of the same text succeeds and touches nothing", async () => {
  const { reload, noted } = reloading([OLD]);
  assert.deepEqual(await reload(), { kind: "unchanged" });
  assert.deepEqual(noted, { loads: 1, engines: 0, swaps: 0, results: [true] });
});

test("reload() of a bad file says where and what, and touches nothing", async () => {
  const { reload, current, noted } = reloading([OLD.replace("modules", "moduls")]);
  const before = current.inForce;
  const result = await reload();
  assert.equal(result.kind, "refused");
  assert.match(result.kind === "refused" ? result.sentence : "", /^sounder\.yml:1:20: .*moduls/m);
  assert.equal(current.inForce, before);
  assert.deepEqual(noted, { loads: 1, engines: 0, swaps: 0, results: [false] });
});

test("reload() that needs an engine which cannot be had touches nothing", async () => {
  const { reload, noted } = reloading([`icmp: {transport: raw}\n${OLD}`]);
  assert.deepEqual(await reload(), {
    kind: "refused",
    sentence: "icmp: no transport works: grant CAP_NET_RAW",
  });
  assert.deepEqual(noted, { loads: 1, engines: 1, swaps: 0, results: [false] });
});

test("reload() keeps the engine where only the packet budget is another one", async () => {
  const { reload, noted } = reloading([`icmp: {max_packets_per_second: 10}\n${OLD}`]);
  assert.deepEqual(await reload(), { kind: "reloaded" });
  assert.equal(noted.engines, 0);
});

test("reloads asked for while one is under way become one more, which reads the file anew", async () => {
  let finish = (_text: string): void => {};
  const slow = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const last = OLD.replace("192.0.2.1", "192.0.2.8");
  const { reload, current, noted } = reloading([slow, last]);
  const answers = [reload(), reload(), reload()];
  finish(OLD.replace("192.0.2.1", "192.0.2.7"));
  assert.deepEqual(
    (await Promise.all(answers)).map(({ kind }) => kind),
    ["reloaded", "reloaded", "reloaded"],
  );
  assert.equal(noted.loads, 2);
  assert.equal(current.text, last);
});

test("reload() rejects when the file could not be looked at, and the next one begins afresh", async () => {
  const { reload, noted } = reloading([Promise.reject(new Error("the thread failed")), OLD]);
  await assert.rejects(reload(), /the thread failed/);
  noted.loads = 1;
  assert.deepEqual(await reload(), { kind: "unchanged" });
});

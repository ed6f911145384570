import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigWatch, readConfigFile } from "../../src/config/watch.ts";
import { type LogFields, silentLog } from "../../src/runtime/log.ts";
import { fakeTimers } from "../support/fake-timers.ts";

/** A watch every 30 s of a file that the test writes. */
function watched({ reload = async () => {} }: { reload?: () => Promise<void> } = {}) {
  const timers = fakeTimers();
  const file: { content: string | Error } = { content: "first" };
  const reloaded: (string | Error)[] = [];
  const logged: string[] = [];
  const note = (message: string, fields: LogFields = {}) =>
    void logged.push(`${message}: ${fields["error"]}`);
  const watch = new ConfigWatch({
    intervalSeconds: 30,
    setTimer: timers.setTimer,
    read: async () => {
      if (file.content instanceof Error) throw file.content;
      return Buffer.from(file.content);
    },
    inForce: "first",
    reload: async () => {
      reloaded.push(file.content);
      await reload();
    },
    log: { ...silentLog, warn: note, error: note },
  });
  return { watch, timers, file, reloaded, logged };
}

test("a file that stays as it is, is not read again", async () => {
  const { timers, reloaded, watch } = watched();
  await timers.run(300);
  assert.deepEqual(reloaded, []);
  watch.stop();
});

test("a changed file is reloaded once, at the next look", async () => {
  const { timers, file, reloaded, watch } = watched();
  await timers.run(31);
  file.content = "second";
  await timers.run(20);
  assert.deepEqual(reloaded, []);
  await timers.run(100);
  assert.deepEqual(reloaded, ["second"]);
  file.content = "first";
  await timers.run(31);
  assert.deepEqual(reloaded, ["second", "first"]);
  watch.stop();
});

test("a file that cannot be read is said once, and looked for again", async () => {
  const { timers, file, reloaded, logged, watch } = watched();
  file.content = new Error("ENOENT");
  await timers.run(200);
  assert.deepEqual(logged, ["Cannot look for changes of the configuration file: ENOENT"]);
  file.content = "second";
  await timers.run(31);
  assert.deepEqual(reloaded, ["second"]);
  file.content = new Error("EACCES");
  await timers.run(31);
  assert.equal(logged.length, 2);
  watch.stop();
});

test("a reload that failed by the agent's fault is tried again", async () => {
  let isBroken = true;
  const reload = async () => {
    if (isBroken) throw new Error("no thread");
  };
  const { timers, file, reloaded, logged, watch } = watched({ reload });
  file.content = "second";
  await timers.run(61);
  assert.deepEqual(reloaded, ["second", "second"]);
  assert.deepEqual(logged, Array(2).fill("Cannot reload the configuration: no thread"));
  isBroken = false;
  await timers.run(90);
  assert.equal(reloaded.length, 3);
  watch.stop();
});

test("looks do not overtake a reload that takes long", async () => {
  let end = (): void => {};
  const reload = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  const { timers, file, reloaded, watch } = watched({ reload });
  file.content = "second";
  await timers.run(31);
  file.content = "third";
  await timers.run(300);
  assert.deepEqual(reloaded, ["second"]);
  end();
  await timers.run(31);
  assert.deepEqual(reloaded, ["second", "third"]);
  end();
  watch.stop();
});

test("stop() leaves no timer behind, and no reload begins after it", async () => {
  const { timers, file, reloaded, watch } = watched();
  file.content = "second";
  timers.jump(30);
  watch.stop();
  await timers.run(100);
  assert.deepEqual(reloaded, []);
  assert.equal(timers.timerCount(), 0);
});

test("readConfigFile() reads files and nothing that would hold it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sounder-watch-"));
  try {
    const path = join(folder, "sounder.yml");
    await writeFile(path, "modules: {}\n");
    assert.equal(Buffer.from(await readConfigFile(path)).toString(), "modules: {}\n");
    await assert.rejects(readConfigFile(folder), /^Error: Cannot watch .*: it is not a file$/);
    await assert.rejects(readConfigFile("/dev/zero"), /it is not a file$/);
    await assert.rejects(readConfigFile(join(folder, "none")), /ENOENT/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

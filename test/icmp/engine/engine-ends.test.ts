import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { enterOwnNetwork } from "../../support/own-network.ts";

/** Far more than the quarter of a second that the thread may sleep, for a loaded machine. */
const LIMIT_SECONDS = 20;
const CHILD = fileURLToPath(new URL("../../support/engine-child.js", import.meta.url));

const skip = (await enterOwnNetwork()) ?? false;

function child(how: string, wrapper: readonly string[] = []): SpawnSyncReturns<string> {
  const [program, ...args] = [...wrapper, process.execPath, CHILD, how];
  assert.ok(program !== undefined);
  const result = spawnSync(program, args, {
    encoding: "utf8",
    timeout: LIMIT_SECONDS * 1000,
    killSignal: "SIGKILL",
  });
  assert.equal(result.error, undefined, "the process ended by itself");
  return result;
}

describe("a process with an engine at work", () => {
  test("ends with code 1 on an exception that nobody catches", { skip }, () => {
    const { status, signal, stderr } = child("throw");
    assert.deepEqual([status, signal], [1, null]);
    assert.match(stderr, /an exception nobody catches/);
  });

  test("ends with the code of process.exit()", { skip }, () => {
    const { status, signal, stderr } = child("exit");
    assert.deepEqual([status, signal, stderr], [3, null, ""]);
  });

  test("ends by itself after stop()", { skip }, () => {
    const { status, stdout, stderr } = child("stop");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.deepEqual(stdout.trim().split("\n"), ["running: no problem", "stopped"]);
  });

  test("is told once when the engine's thread dies, and can go on", { skip }, () => {
    const { status, stdout, stderr } = child("fault");
    const [running, fault = "", echo, state, snapshot, stopped, ...more] = stdout
      .trim()
      .split("\n");
    assert.equal(running, "running: no problem");
    assert.match(fault, /^fault: \S/);
    const reason = fault.slice("fault: ".length);
    assert.equal(echo, `echo: ${reason}`);
    assert.equal(state, "state: failed");
    assert.equal(snapshot, `snapshot: Cannot use the ICMP engine: ${reason}`);
    assert.equal(stopped, "stopped");
    assert.deepEqual(more, []);
    assert.deepEqual([status, stderr], [0, ""]);
  });

  test("without the right to open raw sockets has no engine, and is told the remedy", {
    skip,
  }, (t) => {
    const withoutCapabilities = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
    if (spawnSync("setpriv", ["--version"]).error !== undefined) {
      t.skip("needs the program setpriv");
      return;
    }
    const { status, stdout, stderr } = child("refused", withoutCapabilities);
    const [state = "", snapshot = ""] = stdout.trim().split("\n");
    assert.match(
      state,
      /^unavailable: no ICMP transport works here: grant CAP_NET_RAW or widen .*ipv4.*: raw: CAP_NET_RAW was taken/,
    );
    assert.match(snapshot, /^snapshot: Cannot use the ICMP engine: .*grant CAP_NET_RAW/);
    assert.deepEqual([status, stderr], [0, ""]);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ProgramOutput,
  runProgram,
} from "../../../../src/icmp/transport/ping/ping-process.ts";

const skip = process.platform === "win32" ? "needs a POSIX shell" : false;
const LIMIT_SECONDS = 60;

/** Runs a script to its end. */
function ended(
  script: string,
  options: { readonly limitSeconds?: number; readonly isKilledWhenItWrote?: boolean } = {},
): Promise<ProgramOutput> {
  return new Promise((resolve) => {
    const limitSeconds = options.limitSeconds ?? LIMIT_SECONDS;
    const running = runProgram("sh", ["-c", script], limitSeconds, (output) => {
      if (output.end !== undefined) resolve(output);
      else if (options.isKilledWhenItWrote) running.kill();
    });
  });
}

describe("runProgram()", { skip }, () => {
  test("tells what a program wrote and how it ended", async () => {
    assert.deepEqual(await ended("echo out; echo err >&2; exit 3"), {
      stdout: "out\n",
      stderr: "err\n",
      end: { kind: "exited", code: 3 },
    });
  });

  test("hands over two variables, of the C locale, and no input", async () => {
    const { stdout } = await ended("cat; env");
    const names = stdout.split("\n").map((line) => line.split("=", 1)[0]);
    assert.ok(stdout.includes("LC_ALL=C\n"));
    // A shell adds these for itself.
    const own = new Set(["", "PWD", "OLDPWD", "SHLVL", "_"]);
    const handed = names.filter((name = "") => !own.has(name));
    assert.deepEqual(new Set(handed), new Set(["LC_ALL", "PATH"]));
  });

  test("keeps the first 4096 characters and lets the program write on", async () => {
    const { stdout, end } = await ended("yes 0123456789abcdef | head -c 1000000; exit 7");
    assert.equal(stdout.length, 4096);
    assert.ok(stdout.startsWith("0123456789abcdef\n"));
    assert.deepEqual(end, { kind: "exited", code: 7 });
  });

  test("keeps bytes that are no text", async () => {
    const { stdout } = await ended("printf '\\377\\200'");
    assert.equal(stdout, "\u00ff\u0080");
  });

  test("kills a program whose time is up", async () => {
    const { end } = await ended("exec sleep 600", { limitSeconds: 0.05 });
    assert.deepEqual(end, { kind: "killed" });
  });

  test("kills on demand, and says what had been written", async () => {
    const output = await ended("echo here; exec sleep 600", { isKilledWhenItWrote: true });
    assert.deepEqual(output, { stdout: "here\n", stderr: "", end: { kind: "killed" } });
  });

  test("tells a signal of others from its own", async () => {
    const { end } = await ended("kill -SEGV $$");
    assert.deepEqual(end, { kind: "signalled", signal: "SIGSEGV" });
  });

  test("says once, and later, that there is no such program", async () => {
    const told: ProgramOutput[] = [];
    await new Promise<void>((resolve) => {
      runProgram("/sounder-has-no-such-program", [], LIMIT_SECONDS, (output) => {
        told.push(output);
        setImmediate(resolve);
      });
      assert.equal(told.length, 0);
    });
    assert.deepEqual(told, [{ stdout: "", stderr: "", end: { kind: "failed", code: "ENOENT" } }]);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { enterOwnNetwork } from "../support/own-network.ts";
import { MAIN, runProgram } from "./by-hand.ts";

const skip = (await enterOwnNetwork()) ?? false;
const sounder = (...argv: readonly string[]): readonly string[] => [
  process.execPath,
  MAIN,
  ...argv,
];

test("sounder ping of both loopback addresses answers every echo and exits with 0", {
  skip,
}, async () => {
  const ended = await runProgram(sounder("ping", "-c3", "-i0.05", "127.0.0.1", "::1"));
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  assert.match(ended.stdout, /^127\.0\.0\.1: seq=1 hop_limit=64 time=\d+\.\d{3} ms$/m);
  assert.match(ended.stdout, /^::1: seq=3 hop_limit=64 time=\d+\.\d{3} ms$/m);
  for (const host of ["127.0.0.1", "::1"]) {
    assert.ok(new RegExp(`^${host} +3 +3 +0% `, "m").test(ended.stdout), ended.stdout);
  }
});

test("size, source and dscp are taken by the kernel", { skip }, async () => {
  const flags = ["-c1", "--size=9000", "--source=127.0.0.2", "--dscp=46"];
  const { code, stderr } = await runProgram(sounder("ping", ...flags, "127.0.0.1"));
  assert.deepEqual([code, stderr], [0, ""]);
});

test("a source that is no address of this machine fails its hosts with a sentence", {
  skip,
}, async () => {
  const { code, stderr } = await runProgram(
    sounder("ping", "-c1", "--source=192.0.2.1", "127.0.0.1"),
  );
  assert.equal(code, 1);
  assert.match(stderr, /^sounder ping: 127\.0\.0\.1: .*source address 192\.0\.2\.1/);
});

test("where no route leads is not sent, and not a loss", { skip }, async () => {
  const { code, stdout } = await runProgram(sounder("ping", "-c2", "-i0.05", "192.0.2.1"));
  assert.equal(code, 1);
  assert.match(stdout, /^192\.0\.2\.1: seq=1 not sent: ENETUNREACH$/m);
  assert.match(stdout, /^192\.0\.2\.1 +0 +0 +- +2 /m);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`without a count it goes on until ${signal}, also twice, which prints the summary and ends it with 0`, {
    skip,
  }, async () => {
    let isSent = false;
    const ended = await runProgram(sounder("ping", "-i0.05", "127.0.0.1"), (stdout, kill) => {
      if (isSent || !/seq=3 /.test(stdout)) return;
      isSent = true;
      // As npm does, which passes on what the terminal has sent already.
      kill(signal);
      kill(signal);
    });
    assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ""]);
    assert.match(ended.stdout, /^host +sent +received +loss +min +avg +max +stddev$/m);
    assert.match(ended.stdout, /^127\.0\.0\.1 +\d+ +\d+ +0% /m);
  });
}

test("--json is one object a line", { skip }, async () => {
  const { code, stdout } = await runProgram(sounder("ping", "--json", "-c2", "-i0.05", "::1"));
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
  assert.deepEqual(types, ["echo", "echo", "summary"]);
});

test("a reader that goes away ends it without a word", { skip }, async () => {
  const line = sounder("ping", "-i0.02", "127.0.0.1").join(" ");
  const { code, stdout, stderr } = await runProgram(["sh", "-c", `${line} | head -n 2`]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout.trimEnd().split("\n").length, 2);
});

test("on a terminal there is a table, and the cursor is back at the end", { skip }, async () => {
  const line = sounder("ping", "-c3", "-i0.15", "127.0.0.1").join(" ");
  const { code, stdout } = await runProgram(["script", "-qefc", line, "/dev/null"]);
  assert.equal(code, 0);
  assert.match(stdout, /Times in ms\. Ctrl-C ends\./);
  assert.doesNotMatch(stdout, /seq=/);
  assert.ok(stdout.lastIndexOf("\u001b[?25h") > stdout.lastIndexOf("\u001b[?25l"));
  assert.match(stdout, /\n127\.0\.0\.1 +3 +3 +0% .*\r\nTimes in ms\.\r\n$/);
});

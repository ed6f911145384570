import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FileCache } from "../../src/probe/file-cache.ts";
import { fakeClock } from "../support/fake-clock.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "sounder-files-"));
});
after(() => rmSync(folder, { recursive: true }));

test("read() gives the same bytes and version until the file changes", async () => {
  const clock = fakeClock();
  const files = new FileCache(clock);
  const path = join(folder, "a");
  writeFileSync(path, "one");
  const first = await files.read(path, 100);
  const second = await files.read(path, 100);
  writeFileSync(path, "three");
  const soon = await files.read(path, 100);
  assert.equal(soon.kind === "read" && soon.bytes.toString(), "one", "looked at once a second");
  clock.advanceSeconds(1);
  const third = await files.read(path, 100);
  assert.equal(first.kind === "read" && first.bytes.toString(), "one");
  assert.equal(
    first.kind === "read" && second.kind === "read" && second.bytes === first.bytes,
    true,
  );
  assert.equal(third.kind === "read" && third.bytes.toString(), "three");
  assert.notEqual(first.kind === "read" && first.version, third.kind === "read" && third.version);
});

test("readSecret() drops the white space around a secret", async () => {
  const path = join(folder, "secret");
  writeFileSync(path, " a b \r\n");
  assert.deepEqual(await new FileCache(fakeClock()).readSecret(path, 100), {
    kind: "read",
    text: "a b",
  });
});

test("a missing file, a folder, a pipe and a file too large are refused with their name", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const large = join(folder, "large");
  writeFileSync(large, "x".repeat(101));
  for (const path of [join(folder, "missing"), folder, pipe, large]) {
    const read = await new FileCache(fakeClock()).read(path, 100);
    assert.equal(read.kind, "failed", path);
    assert.ok(read.kind === "failed" && read.detail.includes(path));
  }
});

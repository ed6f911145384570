import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { WatchedFile } from "../../src/resolve/watched-file.ts";
import { type Logger, silentLog } from "../../src/runtime/log.ts";
import { fakeClock } from "../support/fake-clock.ts";

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "watched-file-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function watch(path: string, options: { maxBytes?: number; log?: Logger } = {}) {
  const clock = fakeClock();
  let reads = 0;
  const file = new WatchedFile({
    path,
    maxBytes: options.maxBytes ?? 1000,
    parse: (text) => {
      reads += 1;
      return text;
    },
    clock,
    log: options.log ?? silentLog,
  });
  return { clock, file, reads: () => reads };
}

test("current() reads the file once and again when it was replaced", async (context) => {
  const path = join(folderOf(context), "file");
  writeFileSync(path, "one");
  const { clock, file, reads } = watch(path);
  assert.equal(await file.current(), "one");
  clock.advanceSeconds(1);
  assert.equal(await file.current(), "one");
  assert.equal(reads(), 2); // The empty text of the start, and the file.
  writeFileSync(`${path}.new`, "two");
  renameSync(`${path}.new`, path);
  assert.equal(await file.current(), "one");
  clock.advanceSeconds(1);
  assert.equal(await file.current(), "two");
});

test("current() sees a file written in place, one that vanishes and one that comes", async (context) => {
  const path = join(folderOf(context), "file");
  const { clock, file } = watch(path);
  assert.equal(await file.current(), "");
  for (const text of ["came", "longer than before"]) {
    writeFileSync(path, text);
    clock.advanceSeconds(1);
    assert.equal(await file.current(), text);
  }
  rmSync(path);
  clock.advanceSeconds(1);
  assert.equal(await file.current(), "");
});

test("current() takes whole lines of a file that is too large", async (context) => {
  const path = join(folderOf(context), "file");
  writeFileSync(path, "first\nsecond\nthird\n");
  assert.equal(await watch(path, { maxBytes: 15 }).file.current(), "first\nsecond\n");
  assert.equal(await watch(path, { maxBytes: 19 }).file.current(), "first\nsecond\nthird\n");
  assert.equal(await watch(path, { maxBytes: 3 }).file.current(), "");
});

test("current() keeps the last content while the path is no file, and says so once", async (context) => {
  const folder = folderOf(context);
  const path = join(folder, "file");
  const warnings: unknown[] = [];
  const log: Logger = {
    ...silentLog,
    warn: (_message, fields) => warnings.push(fields?.["error"]),
  };
  writeFileSync(path, "good");
  const { clock, file } = watch(path, { log });
  assert.equal(await file.current(), "good");
  renameSync(path, `${path}.kept`);
  renameSync(mkdtempSync(join(folder, "folder-")), path);
  for (let second = 0; second < 3; second += 1) {
    clock.advanceSeconds(1);
    assert.equal(await file.current(), "good");
  }
  assert.deepEqual(warnings, [`${path} is not a regular file`]);
});

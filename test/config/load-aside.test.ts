import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { loadConfigAside } from "../../src/config/load-aside.ts";

function fileOf(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "sounder-aside-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "sounder.yml");
  writeFileSync(path, text);
  return path;
}

const files = [
  { name: "a good file", text: "groups: [{name: a, modules: [icmp], targets: [192.0.2.1]}]\n" },
  { name: "a bad file", text: "groups: [{nam: a}]\n" },
] as const;

for (const { name, text } of files) {
  test(`loadConfigAside() of ${name} gives what loadConfig() gives`, async (t) => {
    const path = fileOf(t, text);
    assert.deepEqual(await loadConfigAside(path), await loadConfig(path));
  });
}

test("loadConfigAside() refuses a pipe instead of waiting for its writer", async (t) => {
  const path = `${fileOf(t, "")}.pipe`;
  execFileSync("mkfifo", [path]);
  const loaded = await loadConfigAside(path);
  assert.equal(loaded.ok, false);
  assert.match(loaded.ok ? "" : (loaded.problems[0]?.message ?? ""), /is no regular file/);
});

test("loadConfigAside() lets the main thread go on while it parses", async (t) => {
  const targets = Array.from({ length: 4000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
  const path = fileOf(
    t,
    `groups: [{name: a, modules: [icmp], targets: [${targets.join(", ")}]}]\n`,
  );
  let turns = 0;
  const turning = setInterval(() => {
    turns += 1;
  }, 1);
  t.after(() => clearInterval(turning));
  const loaded = await loadConfigAside(path);
  assert.ok(loaded.ok);
  assert.equal(loaded.value.groups[0]?.targets.length, 4000);
  assert.ok(turns > 3, `${turns} turns`);
});

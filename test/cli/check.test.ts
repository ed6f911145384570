import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { check } from "../../src/cli/check.ts";
import { orList } from "../../src/config/suggest.ts";
import { PROBERS } from "../../src/probe/module.ts";
import { packageRoot } from "../support/golden.ts";

async function run(...argv: string[]) {
  let stdout = "";
  let stderr = "";
  const code = await check(argv, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

const file = (path: string): string => join(packageRoot(), path);

test("check() of a fine file sums it up", async () => {
  const path = file("config.example.yml");
  assert.deepEqual(await run(path), {
    code: 0,
    stdout: `${path} is fine
  modules  4, built-in ones included
  groups   2
  targets  3
  streams  3
  echoes   2 a second of 50000 allowed
  policy   configured (auto: the file has a group)
`,
    stderr: "",
  });
});

test("check() says that /probe is open in a file without groups", async () => {
  const { code, stdout } = await run(file("test/config/good/only-modules-as-blackbox.yml"));
  assert.equal(code, 0);
  assert.match(stdout, /policy {3}any \(auto: the file has no group\)/);
});

test("check() says how many rules allow more than the mode", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sounder-check-"));
  try {
    const path = join(directory, "rules.yml");
    writeFileSync(
      path,
      'modules: {}\nprobe: {targets: none, allow: [{host: ["*.example.net"]}, {path: [/run/app/*]}]}\n',
    );
    const { stdout } = await run(path);
    assert.match(stdout, /policy {3}none, and 2 rules of allow\n/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("check() shows a problem with its line, a caret and the count", async () => {
  const path = file("test/config/bad/unknown-prober.yml");
  assert.deepEqual(await run(path), {
    code: 1,
    stdout: "",
    stderr: `${path}:2:17: prober: "htpt" is not known: write ${orList(PROBERS)}
    web: {prober: htpt}
                  ^
${path}:3:19: prober: "exec" is not known: write ${orList(PROBERS)}
    shell: {prober: exec}
                    ^

2 problems in ${path}
`,
  });
});

test("check() of a file that is not there is a problem of the file", async () => {
  const { code, stderr } = await run(file("test/config/none.yml"));
  assert.equal(code, 1);
  assert.match(stderr, /none\.yml:1:1: there is no file .*\n\n1 problem in /);
});

test("check() takes sounder.yml when no file is named", async () => {
  const { stderr } = await run();
  assert.match(stderr, /^sounder\.yml:1:1: there is no file sounder\.yml/);
});

test("check() --help tells its use", async () => {
  const { code, stdout, stderr } = await run("--help");
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Usage: sounder check \[FILE\]/);
});

const misuses = [
  { name: "an unknown flag", argv: ["--fast"], says: /--fast/ },
  { name: "two files", argv: ["a.yml", "b.yml"], says: /"b\.yml" is one too many/ },
  { name: "an empty name", argv: [""], says: /the name of the file is empty/ },
];

for (const { name, argv, says } of misuses) {
  test(`check() with ${name} is wrong use`, async () => {
    const { code, stdout, stderr } = await run(...argv);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, says);
    assert.match(stderr, /Try: sounder check --help/);
  });
}

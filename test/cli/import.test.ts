import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { importFrom } from "../../src/cli/import.ts";
import { loadConfig } from "../../src/config/load.ts";
import { packageRoot } from "../support/golden.ts";

const fixture = (name: string): string => join(packageRoot(), "test/config/import", name);

async function run(...argv: readonly string[]) {
  let out = "";
  let err = "";
  const code = await importFrom(argv, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-import-"));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("importFrom() writes a file of blackbox_exporter and Prometheus' jobs to standard output", async () => {
  const scrape = fixture("prometheus.yml");
  const { code, out, err } = await run(
    "blackbox",
    `--scrape-config=${scrape}`,
    fixture("blackbox.yml"),
  );
  assert.equal(code, 0);
  assert.match(out, /^# A Sounder configuration/);
  assert.match(out, /\n {2}- name: sites\n/);
  assert.ok(err.includes(`${scrape}: not taken: job "made-up": `));
  assert.ok(err.includes(`${fixture("blackbox.yml")}: not taken: module "broken_rule": `));
  assert.doesNotMatch(err, /user:pass/);
});

test("importFrom() writes a new file that loads and that others cannot read", async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, "sounder.yml");
    const { code, out } = await run(
      "smokeping_prober",
      fixture("smokeping_prober.yml"),
      `--output=${output}`,
    );
    assert.equal(code, 0);
    assert.equal(out, "");
    assert.equal((await loadConfig(output)).ok, true);
    assert.equal(statSync(output).mode & 0o777, 0o600);
  });
});

test("importFrom() writes over no file", async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, "sounder.yml");
    writeFileSync(output, "mine");
    const { code, err } = await run("blackbox", fixture("blackbox.yml"), "--output", output);
    assert.equal(code, 1);
    assert.match(err, /there is a file .*sounder\.yml already: remove it, or name another\n$/);
    assert.equal(readFileSync(output, "utf8"), "mine");
  });
});

test("importFrom() of a file that is of no use says so, with its line", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "blackbox.yml");
    writeFileSync(path, "modules:\n  a: [\n");
    const { code, out, err } = await run("blackbox", path);
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, /blackbox\.yml:\d+:\d+: /);
    assert.match(err, /\nsounder import: nothing of .*blackbox\.yml can be used\n$/);
  });
});

test("importFrom() of a file that is not there is a failure", async () => {
  const { code, err } = await run("blackbox", "/nowhere/blackbox.yml");
  assert.equal(code, 1);
  assert.match(err, /there is no file \/nowhere\/blackbox\.yml/);
  const scrape = await run("blackbox", "--scrape-config=/nowhere/p.yml", fixture("blackbox.yml"));
  assert.equal(scrape.code, 1);
  assert.match(scrape.err, /there is no file \/nowhere\/p\.yml/);
});

test("importFrom() of a Prometheus file without jobs says what to name", async () => {
  const scrape = fixture("blackbox.yml");
  const { code, err } = await run("blackbox", `--scrape-config=${scrape}`, scrape);
  assert.equal(code, 1);
  assert.match(err, /there is no list scrape_configs: name the file of Prometheus that has it/);
});

const misuses = [
  { name: "nothing", argv: [], says: /nothing is named: write sounder import blackbox or/ },
  { name: "an unknown prober", argv: ["fping", "f"], says: /"fping" is not known/ },
  { name: "no file", argv: ["blackbox"], says: /no file is named: write for example/ },
  { name: "two files", argv: ["blackbox", "a", "b"], says: /"b" is one too many/ },
  {
    name: "jobs for smokeping_prober",
    argv: ["smokeping_prober", "a", "--scrape-config=b"],
    says: /goes with blackbox only/,
  },
  { name: "an unknown flag", argv: ["blackbox", "a", "--out=b"], says: /'--out'/ },
  { name: "an empty name", argv: ["blackbox", "a", "--output="], says: /name of a file is empty/ },
] as const;

for (const { name, argv, says } of misuses) {
  test(`importFrom() with ${name} is wrong use`, async () => {
    const { code, err } = await run(...argv);
    assert.equal(code, 2);
    assert.match(err, says);
    assert.match(err, /\nTry "sounder import --help"\.\n$/);
  });
}

test("importFrom() --help tells its use", async () => {
  const { code, out } = await run("-h");
  assert.equal(code, 0);
  assert.match(out, /^Usage: sounder import blackbox \[flags\] FILE\n/);
});

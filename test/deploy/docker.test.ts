import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseRunFlags } from "../../src/cli/run-flags.ts";
import { loadConfig } from "../../src/config/load.ts";
import { packageRoot } from "../support/golden.ts";
import { type Instruction, readDockerfile, type Stage, wordsOf } from "./dockerfile.ts";
import { contextEntries } from "./image-build.ts";

const stages = readDockerfile();
const final = stages.at(-1) ?? assert.fail("the Dockerfile has no stage");
const named = (stage: Stage, name: string): readonly Instruction[] =>
  stage.instructions.filter((instruction) => instruction.name === name);
const only = (name: string): Instruction => {
  const [first, ...more] = named(final, name);
  assert.ok(first !== undefined && more.length === 0, `${name} stands once in the last stage`);
  return first;
};
const packageFile: { readonly license: string; readonly version: string } = JSON.parse(
  readFileSync(join(packageRoot(), "package.json"), "utf8"),
);

test("the Dockerfile copies only what is there, and .dockerignore lets in just that", () => {
  const copied = stages
    .flatMap((stage) => named(stage, "COPY"))
    .filter(({ flags }) => !flags.has("from"))
    .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));
  assert.deepEqual(
    copied.filter((path) => !existsSync(join(packageRoot(), path))),
    [],
  );
  assert.deepEqual(new Set(copied), contextEntries());
});

test("the Dockerfile copies from no stage that it has not", () => {
  const names = stages.map(({ name }) => name);
  const from = stages
    .flatMap((stage) => named(stage, "COPY"))
    .flatMap(({ flags }) => flags.get("from") ?? []);
  assert.deepEqual(
    from.filter((name) => !names.includes(name)),
    [],
  );
});

test("no step of the Dockerfile runs an install script or fetches anything but packages", () => {
  for (const { name, text } of stages.flatMap(({ instructions }) => instructions)) {
    assert.notEqual(name, "ADD");
    assert.doesNotMatch(text, /\b(?:curl|wget|apt-get|apk|setcap)\b/);
    if (/npm (?:ci|install)/.test(text))
      assert.match(text, /^npm ci (?:--omit=dev )?--ignore-scripts\b/);
  }
  const packages = stages.find(({ name }) => name === "packages");
  assert.match(named(packages ?? final, "RUN")[0]?.text ?? "", /--omit=dev/);
});

test("the image runs as an ordinary user, by number", () => {
  assert.match(only("USER").text, /^[1-9]\d{3,4}:[1-9]\d{3,4}$/);
});

test("the image starts the agent with flags that it has, on a file that is there", () => {
  assert.deepEqual(wordsOf(only("ENTRYPOINT")), ["sounder"]);
  const [command, ...flags] = wordsOf(only("CMD"));
  assert.equal(command, "run");
  const parsed = parseRunFlags(flags);
  assert.equal(parsed.kind, "run");
  const file = parsed.kind === "run" ? parsed.flags.configFile : "";
  assert.ok(named(final, "COPY").some(({ text }) => text.endsWith(` ${file}`)));
});

test("the image asks for its health by its own command", () => {
  const { text } = only("HEALTHCHECK");
  assert.deepEqual(JSON.parse(text.replace(/^CMD /, "")), ["sounder", "healthcheck"]);
});

test("the image says what it is", () => {
  const labels = only("LABEL").text;
  for (const key of ["title", "description", "licenses", "version", "revision", "base.name"]) {
    assert.match(labels, new RegExp(`org\\.opencontainers\\.image\\.${key.replace(".", "\\.")}=`));
  }
  assert.ok(labels.includes(`licenses="${packageFile.license}"`));
  assert.ok(labels.includes(`base.name="docker.io/library/${final.image}"`));
});

test("every stage has the same Node, in its slim image", () => {
  assert.deepEqual(new Set(stages.map(({ image }) => image)), new Set(["node:24-bookworm-slim"]));
});

test("what the image and compose.yml start with is a valid configuration", async () => {
  for (const path of ["config.example.yml", "deploy/docker/sounder/sounder.yml"]) {
    const loaded = await loadConfig(join(packageRoot(), path));
    assert.ok(loaded.ok, `${path}: ${loaded.ok ? "" : JSON.stringify(loaded.problems)}`);
  }
});

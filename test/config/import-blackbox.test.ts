import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importBlackbox } from "../../src/config/import-blackbox.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { packageRoot } from "../support/golden.ts";

const NOTHING_MORE = { groups: [], notes: [] };
const fixture = readFileSync(join(packageRoot(), "test/config/import/blackbox.yml"), "utf8");

function imported(text: string) {
  const result = importBlackbox(text, NOTHING_MORE);
  assert.ok(result.kind === "imported", JSON.stringify(result));
  return result;
}

function modulesOf(text: string) {
  const parsed = parseConfig(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value.modules;
}

test("importBlackbox() leaves a file that loads as it is, but for the comment at the top", () => {
  const text = "# ours\nmodules:\n  a: {prober: http}   # short\n  b:\n    prober: icmp\n";
  const result = imported(text);
  assert.deepEqual(result.notes, []);
  assert.ok(result.text.endsWith(`\n\n${text}`));
  assert.match(result.text, /^# A Sounder configuration, written by "sounder import blackbox"/);
});

test("importBlackbox() comments out what Sounder does not take, and loads", () => {
  const result = imported(fixture);
  const modules = modulesOf(result.text);
  assert.deepEqual(
    ["web", "web_post", "web_post_slow", "quick_ping", "banner"].filter((name) => !modules[name]),
    [],
  );
  assert.equal(modules["broken_rule"], undefined);
  assert.match(
    result.text,
    /\n {2}# Not taken: .*RE2 syntax.*\n {2}# broken_rule:\n {2}# {3}prober/,
  );
  assert.equal(modules["web_post_slow"]?.timeout, 30);
  assert.ok(result.notes.some((note) => note.startsWith('module "broken_rule": ')));
});

test("importBlackbox() takes a module for HTTP/3 as it is, for it loads", () => {
  const result = imported(fixture);
  assert.equal(
    result.notes.some((text) => text.includes("over_quic")),
    false,
  );
  assert.match(result.text, /\n {6}enable_http3: true {3}# since last year\n {6}method: HEAD\n/);
  assert.equal(modulesOf(result.text)["over_quic"]?.http.enable_http3, true);
});

test("importBlackbox() keeps every comment and every other line", () => {
  const lines = imported(fixture).text.split("\n");
  const uncommented = new Set(lines.map((line) => line.replace(/^( *)# /, "$1")));
  const lost = fixture
    .split("\n")
    .filter((line) => !lines.includes(line) && !uncommented.has(line) && !line.includes("${ss}"));
  assert.deepEqual(lost, []);
});

test("importBlackbox() keeps the characters of a secret, where Sounder would read a variable", () => {
  const result = imported(fixture);
  const basicAuth = modulesOf(result.text)["web_post"]?.http.basic_auth;
  assert.equal(basicAuth?.password, "pa${ss}word");
  assert.match(result.text, /In one secret "\$\{" is written "\$\$\{"/);
  assert.match(result.text, /send: "PONG \$\{1\}"/);
});

test("importBlackbox() takes one module of several in one line, and leaves the other", () => {
  const result = imported("modules: {a: {prober: icmp}, b: {prober: exec}}");
  const modules = modulesOf(result.text);
  assert.equal(modules["a"]?.prober, "icmp");
  assert.equal(modules["b"], undefined);
  assert.match(result.text, /\n {2}# b: /);
});

test("importBlackbox() takes out what stands on what it took out", () => {
  const result = imported(
    "modules:\n  a: &a\n    prober: exec\n  b:\n    <<: *a\n    timeout: 1s\n  c: {prober: icmp}\n",
  );
  const modules = modulesOf(result.text);
  assert.equal(modules["c"]?.prober, "icmp");
  assert.equal(modules["b"], undefined);
  assert.deepEqual(
    result.notes.map((note) => note.split(":")[0]),
    ['module "a"', 'module "b"'],
  );
});

const shapes = [
  {
    name: "Windows' line ends",
    text: "modules:\r\n  a:\r\n    prober: icmp\r\n  b:\r\n    prober: x\r\n",
  },
  { name: "a byte order mark", text: "\ufeffmodules:\n  a:\n    prober: icmp\n" },
  { name: "a document's begin and end", text: "---\nmodules:\n  a:\n    prober: icmp\n...\n" },
  { name: "no line end at its end", text: "modules:\n  a:\n    prober: icmp" },
  { name: "another key beside modules", text: "x-common: 1\nmodules:\n  a:\n    prober: icmp\n" },
  {
    name: "the same module twice",
    text: "modules:\n  a:\n    prober: icmp\n  b: {prober: icmp}\n  b: {prober: http}\n",
  },
] as const;

for (const { name, text } of shapes) {
  test(`importBlackbox() of a file with ${name} loads`, () => {
    const groups = [
      {
        name: "g",
        modules: ["a"],
        interval: "10s",
        labels: {},
        targets: [{ target: "192.0.2.1", labels: {} }],
      },
    ];
    const result = importBlackbox(text, { groups, notes: ['job "x": a note'] });
    assert.ok(result.kind === "imported", JSON.stringify(result));
    const parsed = parseConfig(result.text);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.equal(parsed.value.modules["a"]?.prober, "icmp");
    assert.equal(parsed.value.groups[0]?.targets.length, 1);
    assert.match(result.text, /\n# Not taken:\n# - job "x": a note\n/);
  });
}

const unusable = [
  { name: "an empty text", text: "", says: /there are no modules/ },
  { name: "no YAML", text: "modules: [", says: /./ },
  { name: "no modules", text: "groups: []", says: /there are no modules/ },
  { name: "empty modules", text: "modules: {}", says: /there are no modules/ },
  { name: "a list", text: "- a", says: /there are no modules/ },
] as const;

for (const { name, text, says } of unusable) {
  test(`importBlackbox() of ${name} is of no use, and says why`, () => {
    const result = importBlackbox(text, NOTHING_MORE);
    assert.equal(result.kind, "unusable");
    assert.match(result.kind === "unusable" ? (result.problems[0]?.message ?? "") : "", says);
  });
}

test("importBlackbox() of modules none of which can be taken is of no use", () => {
  const result = importBlackbox("modules:\n  a:\n    prober: exec\n", NOTHING_MORE);
  assert.equal(result.kind, "unusable");
  assert.match(result.notes.join(), /^module "a": prober: "exec" is not known/);
});

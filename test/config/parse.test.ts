import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MAX_PROBLEMS } from "../../src/config/parse.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { MAX_FILE_BYTES } from "../../src/config/yaml.ts";

/** Holds for every text: an answer, with problems that can be placed and printed. */
function assertAnswered(text: string): void {
  const parsed = parseConfig(text);
  if (parsed.ok) return;
  assert.ok(parsed.problems.length > 0 && parsed.problems.length <= MAX_PROBLEMS + 1);
  for (const problem of parsed.problems) {
    assert.ok(problem.line >= 1 && problem.column >= 1);
    assert.match(problem.message, /\S/);
    assert.doesNotMatch(problem.message, /\n|undefined|\[object/);
    assert.match(formatProblem("file.yml", problem, text), /^file\.yml:\d+:\d+: /);
  }
}

test("parseConfig() answers any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), assertAnswered), {
    numRuns: 300,
  });
});

test("parseConfig() answers any bytes read as UTF-8", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assertAnswered(Buffer.from(bytes).toString("utf8"));
    }),
    { numRuns: 300 },
  );
});

// Pieces of YAML in random order come further than random letters.
const piece = fc.constantFrom(
  ..."groups: |modules: |defaults:|labels: |targets: |- |  |\n|\n  |\n    |&a |*a|<<: |{|}|[|]|, |: |icmp|'|\"|#|!!int |? ||\n|>-|---\n|...|%YAML 1.2\n|null|~|1s|0x1f|.nan|-1|é|\ufeff|\t|name: |interval: |__proto__: |prober: http|http: |constructor: |toString".split(
    "|",
  ),
);

test("parseConfig() answers any order of pieces of YAML", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => assertAnswered(pieces.join(""))),
    { numRuns: 1000 },
  );
});

const anything = fc.object({
  key: fc.constantFrom(
    ..."modules defaults groups icmp resolver probers probe name interval echoes count targets target labels prober http timeout headers basic_auth password allow deny toString constructor x".split(
      " ",
    ),
  ),
  maxDepth: 5,
  withNullPrototype: false,
  values: [
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant("1s"),
  ],
});

test("parseConfig() answers any tree of values under known keys", () => {
  fc.assert(
    fc.property(anything, (value) => assertAnswered(JSON.stringify(value))),
    { numRuns: 500 },
  );
});

const tooMuch = [
  { name: "brackets in brackets", text: "[".repeat(100_000) },
  { name: "mappings in mappings", text: "{a: ".repeat(50_000) },
  { name: "lists in one line", text: "- ".repeat(50_000) },
  { name: "keys of keys", text: "? ".repeat(50_000) },
  { name: "stairs of indentation", text: stairs(1000) },
  { name: "aliases of aliases", text: chain(1000) },
  { name: "closing brackets", text: "]".repeat(20_000) },
  { name: "anchors", text: "&a ".repeat(5_000) },
  { name: "documents", text: "---\n".repeat(5_000) },
  { name: "bad escapes", text: `"${"\\q ".repeat(5_000)}"` },
  { name: "a line of one word", text: `password: ${"x".repeat(500_000)}` },
  { name: "a key of one word", text: `${"token".repeat(100_000)}: 1` },
  { name: "equal keys", text: "a: 1\n".repeat(5_000) },
];

function stairs(count: number): string {
  return Array.from({ length: count }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("");
}

function chain(count: number): string {
  const lines = Array.from({ length: count }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}]\n`);
  return `a0: &a0 [x]\n${lines.join("")}`;
}

for (const { name, text } of tooMuch) {
  test(`parseConfig() answers ${name} without end`, () => {
    assert.equal(parseConfig(text).ok, false);
    assertAnswered(text);
  });
}

test("parseConfig() refuses a text beyond its limit before it reads it", () => {
  const parsed = parseConfig(" ".repeat(MAX_FILE_BYTES + 1));
  assert.match(parsed.ok ? "" : (parsed.problems[0]?.message ?? ""), /larger than 16 MiB/);
});

test("parseConfig() reads thousands of targets that share one mapping of labels", () => {
  const targets = Array.from(
    { length: 3000 },
    (_, at) => `      - {target: "192.0.2.${at}", labels: *l}\n`,
  );
  const text = `defaults: {labels: &l {a: b, c: d}}\ngroups:\n  - name: core\n    modules: [icmp]\n    targets:\n${targets.join("")}`;
  const parsed = parseConfig(text);
  assert.equal(parsed.ok && parsed.value.groups[0]?.targets.length, 3000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { settle } from "../../src/config/import-settle.ts";
import { parseConfig } from "../../src/config/parse-config.ts";

test("settle() takes out the target alone, where only a target is at fault", () => {
  const result = settle(
    [
      "groups:",
      "  - name: web",
      "    modules: [http_2xx]",
      "    targets:",
      "      - www.example.net",
      "      - target: ftp://www.example.net/",
      "        labels: {a: b}",
      "      - user:secret@www.example.net",
      "",
    ].join("\n"),
  );
  assert.ok(result.kind === "imported");
  const parsed = parseConfig(result.text);
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.value.groups[0]?.targets.map(({ target }) => target),
    ["www.example.net"],
  );
  assert.equal(result.notes.length, 2);
  assert.match(
    result.notes.join("\n"),
    /^target "<secret>@www\.example\.net": .*user or password/m,
  );
  assert.doesNotMatch(result.notes.join(), /user:secret/);
});

test("settle() takes out a group with what cannot be said of a part of it", () => {
  const text =
    "groups:\n  - {name: a, modules: [icmp], targets: [192.0.2.1], intervall: 1s}\n  - name: b\n    modules: [icmp]\n    targets: [192.0.2.1]\n";
  const result = settle(text);
  assert.ok(result.kind === "imported");
  assert.match(result.text, /\n {2}# - \{name: a, /);
  assert.match(result.notes.join(), /^group "a": unknown key "intervall"/);
});

test("settle() gives up with the problem that no part holds", () => {
  const result = settle(
    "icmp: {max_packets_per_second: 1}\ngroups:\n  - {name: a, modules: [icmp], interval: 1s, targets: [192.0.2.1, 192.0.2.2]}\n",
  );
  assert.equal(result.kind, "unusable");
  assert.ok(result.kind === "unusable" && result.problems.length === 1);
});

test("settle() keeps a comment one line, whatever the name", () => {
  const result = settle('modules:\n  "a\\nprober":\n    prober: exec\n  b: {prober: icmp}\n');
  assert.ok(result.kind === "imported");
  assert.ok(parseConfig(result.text).ok);
});

const GOOD = [
  "prober: icmp",
  "prober: http\ntimeout: 2s\nhttp:\n  method: POST\n  body: |\n    # text\n\n    {}\n",
  "# before\nprober: http # beside\nhttp:\n  headers: {A: b}",
];
const BAD = [
  "prober: exec",
  "prober: http\nhttp:\n  body: |\n    text\n  unknown: 1",
  "prober: icmp\nicmp:\n  ttl: 256\n  # behind",
  "prober: http\nhttp: {fail_if_body_matches_regexp: ['(']}",
];
const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "    ");

test("settle() keeps every module that loads, to the letter, and no other", () => {
  const snippet = fc.oneof(
    fc.constantFrom(...GOOD).map((text) => ({ text, isGood: true })),
    fc.constantFrom(...BAD).map((text) => ({ text, isGood: false })),
  );
  fc.assert(
    fc.property(fc.array(snippet, { minLength: 1, maxLength: 6 }), (snippets) => {
      const blocks = snippets.map(({ text }, at) => `  m${at}:\n${indented(text)}\n`);
      const result = settle(`modules:\n${blocks.join("")}`);
      const good = snippets.flatMap(({ isGood }, at) => (isGood ? [at] : []));
      assert.equal(result.kind, good.length > 0 ? "imported" : "unusable");
      if (result.kind === "unusable") return;
      const { text } = result;
      const parsed = parseConfig(text);
      assert.ok(parsed.ok);
      for (const [at, { isGood }] of snippets.entries()) {
        assert.equal(Object.hasOwn(parsed.value.modules, `m${at}`), isGood);
      }
      for (const at of good) assert.ok(text.includes(blocks[at] ?? "missing"));
    }),
    { numRuns: 50 },
  );
});

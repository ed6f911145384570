import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { familyText } from "../../src/metrics/exposition.ts";
import { escapeHelp, escapeLabelValue, labelText } from "../../src/metrics/label-text.ts";
import { parseExposition } from "../support/exposition.ts";

const cases = [
  { name: "plain text", value: "core", want: "core" },
  { name: "a quote", value: 'a"b', want: 'a\\"b' },
  { name: "a backslash", value: "a\\b", want: "a\\\\b" },
  { name: "a line feed", value: "a\nb", want: "a\\nb" },
  { name: "a backslash before a letter n", value: "a\\n", want: "a\\\\n" },
  { name: "text beyond ASCII", value: "Zürich 東京", want: "Zürich 東京" },
] as const;

for (const { name, value, want } of cases) {
  test(`escapeLabelValue() of ${name}`, () => {
    assert.equal(escapeLabelValue(value), want);
  });
}

test("escapeHelp() leaves quotes alone", () => {
  assert.equal(escapeHelp('a "b" \\ \n'), 'a "b" \\\\ \\n');
});

test("labelText() joins without braces", () => {
  assert.equal(
    labelText([
      ["a", "1"],
      ["b", "2"],
    ]),
    'a="1",b="2"',
  );
  assert.equal(labelText([]), "");
});

const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/);
const anyText = fc.string({ unit: "binary" });
const specialText = fc.string({ unit: fc.constantFrom("\\", '"', "\n", "\r", "n", "{", "}", ",") });

test("labels and HELP of any text come back from the strict parser as they went in", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(labelName, fc.oneof(anyText, specialText)), {
        selector: ([name]) => name,
        maxLength: 8,
      }),
      fc.oneof(anyText, specialText),
      (labels, help) => {
        const text = familyText({ name: "m", type: "gauge", help }, [[labelText(labels), 1]]);
        const family = parseExposition(text).get("m");
        assert.deepEqual(
          new Map(Object.entries(family?.samples[0]?.labels ?? {})),
          new Map(labels),
        );
        assert.equal(family?.help, help);
      },
    ),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  labelNameProblem,
  labelsOptions,
  MAX_LABEL_NAME_BYTES,
  MAX_LABEL_VALUE_BYTES,
  MAX_LABELS,
  RESERVED_LABEL_NAMES,
} from "../../src/target/labels.ts";

for (const name of [
  ...RESERVED_LABEL_NAMES,
  "__name__",
  "__",
  "1a",
  "a-b",
  "a.b",
  "",
  "é",
  "a\n",
]) {
  test(`labelNameProblem() refuses ${JSON.stringify(name)}`, () => {
    assert.match(labelNameProblem(name) ?? "", /^label name "/);
    assert.doesNotMatch(labelNameProblem(name) ?? "", /\n/);
  });
}

for (const name of ["a", "A1", "_a", "job", "instance", "a".repeat(MAX_LABEL_NAME_BYTES)]) {
  test(`labelNameProblem() accepts ${name.slice(0, 20)}`, () => {
    assert.equal(labelNameProblem(name), undefined);
  });
}

test("labelNameProblem() refuses a name one byte too long", () => {
  assert.match(
    labelNameProblem("a".repeat(MAX_LABEL_NAME_BYTES + 1)) ?? "",
    /longer than 128 bytes/,
  );
});

const named = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`l${at}`, "x"]));

const blocks = [
  { name: "as many labels as allowed", labels: named(MAX_LABELS), ok: true },
  { name: "one label more", labels: named(MAX_LABELS + 1), ok: false },
  {
    name: "a value as long as allowed",
    labels: { a: "x".repeat(MAX_LABEL_VALUE_BYTES) },
    ok: true,
  },
  {
    name: "a value one byte longer",
    labels: { a: "x".repeat(MAX_LABEL_VALUE_BYTES + 1) },
    ok: false,
  },
  { name: "a value too long in bytes only", labels: { a: "é".repeat(513) }, ok: false },
  { name: "no labels", labels: {}, ok: true },
] as const;

for (const { name, labels, ok } of blocks) {
  test(`labelsOptions of ${name} is ${ok ? "fine" : "refused"}`, () => {
    assert.equal(labelsOptions.safeParse(labels).success, ok);
  });
}

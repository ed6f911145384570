import assert from "node:assert/strict";
import { test } from "node:test";
import { flag } from "../../src/runtime/flag.ts";

for (const value of [true, "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"]) {
  test(`flag reads ${JSON.stringify(value)} as true`, () => {
    assert.equal(flag.parse(value), true);
  });
}

for (const value of [false, "n", "N", "no", "No", "NO", "off", "Off", "OFF"]) {
  test(`flag reads ${JSON.stringify(value)} as false`, () => {
    assert.equal(flag.parse(value), false);
  });
}

const refused = [
  { value: "maybe", found: 'the text "maybe"' },
  { value: "true", found: 'the text "true"' },
  { value: "", found: "an empty text" },
  { value: 1, found: "the number 1" },
  { value: null, found: "nothing" },
  { value: [], found: "a list" },
  { value: {}, found: "a mapping" },
];

for (const { value, found } of refused) {
  test(`flag refuses ${JSON.stringify(value)} and says what it found`, () => {
    const [issue] = flag.safeParse(value).error?.issues ?? [];
    assert.equal(issue?.message, `expected true or false, found ${found}`);
  });
}

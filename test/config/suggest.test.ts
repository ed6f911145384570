import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, orList } from "../../src/config/suggest.ts";

const KEYS = ["interval", "targets", "ttl", "loss_window", "name", "modules"];

const cases = [
  { name: "a letter too many", written: "intervall", want: "interval" },
  { name: "a letter missing", written: "intrval", want: "interval" },
  { name: "letters swapped", written: "intevral", want: "interval" },
  { name: "other case", written: "Targets", want: "targets" },
  { name: "a short one", written: "tll", want: "ttl" },
  { name: "another separator", written: "loss-window", want: "loss_window" },
  { name: "something else", written: "webhook", want: undefined },
  { name: "something else and short", written: "abc", want: undefined },
  { name: "nothing", written: "", want: undefined },
  { name: "something endless", written: "x".repeat(100_000), want: undefined },
] as const;

for (const { name, written, want } of cases) {
  test(`nearest() of ${name}`, () => {
    assert.equal(nearest(written, KEYS), want);
  });
}

test("orList() reads as a sentence and stays short", () => {
  assert.equal(orList([]), "");
  assert.equal(orList(["a"]), "a");
  assert.equal(orList(["a", "b", "c"]), "a, b or c");
  assert.equal(orList(["a", "b", "c"], 2), "a, b, …");
});

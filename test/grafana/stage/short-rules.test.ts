import assert from "node:assert/strict";
import { test } from "node:test";
import { shippedRules } from "../known-metrics.ts";
import { parseExpression } from "../promql.ts";
import { shortExpression, shortRules } from "./short-rules.ts";

const CASES = [
  { name: "a range", expr: "rate(a[5m])", want: "rate(a[10000ms])" },
  { name: "a range of two units", expr: "rate(a[1h30m])", want: "rate(a[180000ms])" },
  {
    name: "a subquery, looked at often enough",
    expr: "max_over_time(a[1d:1h])",
    want: "max_over_time(a[2880000ms:10000ms])",
  },
  {
    name: "a subquery without a step",
    expr: "max_over_time(a[1h:])",
    want: "max_over_time(a[120000ms:])",
  },
  { name: "an offset", expr: "a offset 30m", want: "a offset 60000ms" },
  {
    name: "a least number of samples",
    expr: "count_over_time(a[1d:5m]) >= 36",
    want: "count_over_time(a[2880000ms:10000ms]) >= 1",
  },
  {
    name: "the name of a recorded series, not at all",
    expr: "target:a:p99_5m",
    want: "target:a:p99_5m",
  },
];

for (const { name, expr, want } of CASES) {
  test(`shortExpression() shortens ${name}`, () => {
    assert.equal(shortExpression(expr), want);
  });
}

type Group = {
  readonly interval: string;
  readonly rules: readonly { readonly expr: string; readonly for?: string }[];
};

for (const [file, text] of shippedRules()) {
  test(`shortRules() gives ${file} with other times and nothing else`, () => {
    const { groups } = JSON.parse(shortRules(text)) as { groups: readonly Group[] };
    for (const { interval, rules } of groups) {
      assert.match(interval, /^\d+s$/);
      for (const rule of rules) {
        parseExpression(rule.expr);
        if (rule.for !== undefined) assert.match(rule.for, /^\d+ms$/);
      }
    }
  });
}

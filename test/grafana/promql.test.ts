import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExpression } from "./promql.ts";
import { substitute } from "./substitute.ts";

const SELECTORS = [
  { name: "a lone metric", expr: "up", want: [["up", undefined, undefined]] },
  {
    name: "a rate",
    expr: 'sum(rate(a_total{job=~"$job"}[$__rate_interval]))',
    want: [["a_total", "$__rate_interval", "rate"]],
  },
  {
    name: "a rate of another range",
    expr: "rate(a_total[5m])",
    want: [["a_total", "5m", "rate"]],
  },
  {
    name: "a range with @",
    expr: "max_over_time(a[1h] @ end())",
    want: [["a", "1h", "max_over_time"]],
  },
  {
    name: "a counter as it stands",
    expr: "sum(a_total)",
    want: [["a_total", undefined, undefined]],
  },
  {
    name: "a counter beside a rate",
    expr: "rate(a_total[5m]) / b_total",
    want: [
      ["a_total", "5m", "rate"],
      ["b_total", undefined, undefined],
    ],
  },
  {
    name: "a subquery, whose function has no selector as its argument",
    expr: "max_over_time(rate(a_total[5m])[1h:1m])",
    want: [["a_total", "5m", "rate"]],
  },
];

for (const { name, expr, want } of SELECTORS) {
  test(`parseExpression() finds the selectors of ${name}`, () => {
    const { selectors } = parseExpression(expr);
    assert.deepEqual(
      selectors.map((selector) => [selector.metric, selector.range, selector.function]),
      want,
    );
  });
}

test("parseExpression() gives the matchers of a selector", () => {
  const { selectors } = parseExpression('a{job=~"$job", b!="c"}');
  assert.deepEqual(selectors[0]?.matchers, [
    { label: "job", operator: "=~", value: "$job" },
    { label: "b", operator: "!=", value: "c" },
  ]);
});

test("parseExpression() gives the labels of groupings and of count_values", () => {
  const { groupingLabels, madeLabels } = parseExpression(
    'sum by (a, b) (x) + on (c) group_left (d) count_values("e", y)',
  );
  assert.deepEqual([...groupingLabels].sort(), ["a", "b", "c", "d"]);
  assert.deepEqual(madeLabels, ["e"]);
});

for (const expr of ["sum(", "a{job=}", "rate(a[])", "a b", ""]) {
  test(`parseExpression() refuses "${expr}"`, () => {
    assert.throws(() => parseExpression(expr), SyntaxError);
  });
}

const SUBSTITUTED = [
  { name: "all", expr: 'a{job=~"$job"}', choice: {}, want: 'a{job=~".+"}' },
  {
    name: "a value in a regular expression, escaped",
    expr: 'a{target=~"$target"}',
    choice: { target: "10.0.0.1" },
    want: 'a{target=~"10\\\\.0\\\\.0\\\\.1"}',
  },
  {
    name: "a value that must be equal, as it is",
    expr: 'a{target="$target"}',
    choice: { target: "http://a/?b=(c)" },
    want: 'a{target="http://a/?b=(c)"}',
  },
  {
    name: "durations",
    expr: "rate(a[$__rate_interval]) + max_over_time(b[$__range])",
    choice: {},
    want: "rate(a[8s]) + max_over_time(b[60s])",
  },
];

for (const { name, expr, choice, want } of SUBSTITUTED) {
  test(`substitute() puts in ${name}`, () => {
    assert.equal(substitute(expr, choice), want);
  });
}

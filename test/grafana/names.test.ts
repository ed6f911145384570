import assert from "node:assert/strict";
import { test } from "node:test";
import { expressionsOf, SHIPPED } from "./expressions.ts";
import { knownMetrics } from "./known-metrics.ts";
import { parseExpression } from "./promql.ts";

const known = knownMetrics();

for (const shipped of SHIPPED) {
  test(`${shipped.uid} names only metrics of the catalogue, of the rules and of Prometheus`, () => {
    const unknown = expressionsOf(shipped).flatMap(({ place, expr }) =>
      parseExpression(expr)
        .selectors.filter(({ metric }) => !known.has(metric))
        .map(({ metric }) => `${place}: ${metric}`),
    );
    assert.deepEqual(unknown, []);
  });

  test(`${shipped.uid} chooses by labels that the metrics have`, () => {
    const unknown = expressionsOf(shipped).flatMap(({ place, expr }) =>
      parseExpression(expr).selectors.flatMap(({ metric, matchers }) =>
        matchers
          .filter(({ label }) => known.get(metric)?.has(label) !== true)
          .map(({ label }) => `${place}: ${metric}{${label}}`),
      ),
    );
    assert.deepEqual(unknown, []);
  });

  test(`${shipped.uid} groups by labels and shows labels that some of its metrics have`, () => {
    const unknown = expressionsOf(shipped).flatMap(({ place, expr, shownLabels }) => {
      const { selectors, groupingLabels, madeLabels } = parseExpression(expr);
      const labels = new Set(selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])]));
      return [...groupingLabels, ...shownLabels]
        .filter((label) => !labels.has(label) && !madeLabels.includes(label))
        .map((label) => `${place}: ${label}`);
    });
    assert.deepEqual(unknown, []);
  });
}

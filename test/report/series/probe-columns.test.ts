import assert from "node:assert/strict";
import { test } from "node:test";
import { probeColumns } from "../../../src/report/series/probe-columns.ts";
import { SERIES_PLANS } from "../../../src/report/series/series-plans.ts";

/** Bytes a row, by prober: what the docstring of `probeColumns` and the decision page say. */
const wanted = {
  http: 960,
  tcp: 784,
  unix: 640,
  dns: 824,
  grpc: 800,
  websocket: 936,
} as const;

for (const plan of SERIES_PLANS) {
  test(`a target of ${plan.prober} has columns of ${wanted[plan.prober]} bytes, and a prober without targets none`, () => {
    const columns = probeColumns(plan);
    const bytes = (): number =>
      Object.values(columns.arrays).reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.equal(bytes(), 0);
    columns.add();
    const rows = columns.arrays.up.length;
    assert.equal(bytes() / rows, wanted[plan.prober]);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawDashboard } from "../../../grafana/pictures/draw-dashboard.ts";
import { panelsOf, SHIPPED } from "../expressions.ts";
import type { RangeQuery, Series } from "../stage/range-query.ts";

const SPAN = { fromSeconds: 1000, toSeconds: 1060, stepSeconds: 2 };
const HOSTILE = `<script>alert("x")</script>`;

/** Gives every expression two series, one of them named by somebody who means harm. */
const prometheus: RangeQuery = {
  range: async () => ["1", "+Inf"].map((le) => seriesOf(le, [1000, 1010, 1012, 1060])),
  instant: async (_expr, atSeconds) => ["1", "+Inf"].map((le) => seriesOf(le, [atSeconds])),
};

function seriesOf(le: string, times: readonly number[]): Series {
  const labels = { le, target: HOSTILE, instance: "a&b", module: "m" };
  return { labels, points: times.map((at) => [at, at % 7]) };
}

const nothing: RangeQuery = { range: async () => [], instant: async () => [] };

for (const shipped of SHIPPED) {
  for (const { name, source } of [
    { name: "data", source: prometheus },
    { name: "nothing", source: nothing },
  ]) {
    test(`drawDashboard() draws every panel of ${shipped.uid} from ${name}`, async () => {
      const svg = await drawDashboard(shipped, source, SPAN, [{}]);
      assert.ok(svg.startsWith("<svg ") && svg.endsWith("</svg>\n"));
      assert.ok(svg.includes("preview, drawn from data of the test lab"));
      for (const { title = "" } of panelsOf(shipped)) {
        assert.ok(svg.includes(`>${title}</text>`), title);
      }
      assert.ok(!/NaN|undefined|Infinity/.test(svg), "a place that is no number");
      assert.ok(!svg.includes("<script"), "a label became an element");
      const opened = svg.match(/<(svg|g|text|title)[ >]/g) ?? [];
      const closed = svg.match(/<\/(svg|g|text|title)>/g) ?? [];
      assert.equal(opened.length, closed.length);
    });
  }
}

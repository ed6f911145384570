import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  HeatmapCellLayout,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  TooltipDisplayMode,
} from "@grafana/grafana-foundation-sdk/common";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  CellValuesBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  HeatmapTooltipBuilder,
  PanelBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import type { Selector } from "../selectors.ts";
import { type PanelOptions, withCommon } from "./panel.ts";
import { heatmapQueries } from "./query.ts";

/** How many observations fell into each bucket, over time. Its unit is that of the buckets. */
export function heatmap(
  options: Omit<PanelOptions, "queries"> & { readonly metric: string; readonly of: Selector },
): Builder<Panel> {
  const { metric, of, unit } = options;
  const queries = [{ expr: bucketCounts(metric, of), legend: "{{le}}" }];
  return withCommon(new PanelBuilder(), { ...options, queries })
    .targets(heatmapQueries(queries))
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme("Blues")
        .fill("dark-blue")
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .yAxis(new YAxisConfigBuilder().unit(unit))
    .cellValues(new CellValuesBuilder().unit("short"))
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear))
    .tooltip(
      new HeatmapTooltipBuilder()
        .mode(TooltipDisplayMode.Single)
        .yHistogram(true)
        .showColorScale(true),
    )
    .showLegend();
}

/** Classic buckets, or the native histogram where those are not stored: `on ()` lets one side or the other through. */
function bucketCounts(metric: string, of: Selector): string {
  const classic = `sum by (le) (increase(${of(`${metric}_bucket`)}[$__rate_interval]))`;
  return `${classic} or on () sum(increase(${of(metric)}[$__rate_interval]))`;
}

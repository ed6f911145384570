import {
  AxisPlacement,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { type PanelOptions, type thresholds, withCommon } from "./panel.ts";
import { rangeQueries } from "./query.ts";

export type TimeSeriesOptions = PanelOptions & {
  /** Lines, or bars for what is counted within each step. */
  readonly drawn?: "lines" | "bars";
  readonly isStacked?: boolean;
  /** For round-trip times from microseconds to seconds in one panel. */
  readonly isLogarithmic?: boolean;
  readonly max?: number;
  /** Whether the axis begins at 0, or where the values do. */
  readonly isFromZero?: boolean;
  /** Drawn as lines across the panel. */
  readonly limits?: ReturnType<typeof thresholds>;
  readonly legend?: "list" | "table" | "none";
};

const LEGEND_MODES = {
  list: LegendDisplayMode.List,
  table: LegendDisplayMode.Table,
  none: LegendDisplayMode.Hidden,
} as const;

export function timeSeries(options: TimeSeriesOptions): PanelBuilder {
  const { drawn = "lines", isStacked = false, legend = "list" } = options;
  const isBars = drawn === "bars";
  const builder = withCommon(new PanelBuilder(), options)
    .targets(rangeQueries(options.queries))
    .drawStyle(isBars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(isBars ? 0 : 1)
    .fillOpacity(isBars ? 80 : isStacked ? 50 : 0)
    // A single answer between two gaps is a point, or it would not be seen.
    .showPoints(VisibilityMode.Auto)
    .axisPlacement(AxisPlacement.Auto)
    .legend(legendOf(legend))
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    );
  if (options.isLogarithmic === true) {
    builder.scaleDistribution(
      new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10),
    );
  } else if (options.isFromZero ?? true) {
    // A line of durations or counts that does not start there deceives.
    builder.min(0);
  }
  if (isStacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
  if (options.max !== undefined) builder.max(options.max);
  if (options.limits !== undefined) {
    builder
      .thresholds(options.limits)
      .thresholdsStyle(
        new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
      );
  }
  return builder;
}

/** A table where many series are compared: it says the last and the highest of each. */
function legendOf(mode: "list" | "table" | "none"): VizLegendOptionsBuilder {
  const legend = new VizLegendOptionsBuilder()
    .displayMode(LEGEND_MODES[mode])
    .placement(LegendPlacement.Bottom)
    .showLegend(mode !== "none");
  if (mode !== "table") return legend.calcs([]);
  return legend.calcs(["lastNotNull", "max"]).sortBy("Max").sortDesc(true);
}

/** Settings of single series, for `overrideByName`. */
export function property(id: string, value: unknown): DynamicConfigValue {
  return { id, value };
}

export function fixedColour(color: string): DynamicConfigValue {
  return property("color", { mode: "fixed", fixedColor: color });
}

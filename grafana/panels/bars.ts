import { PanelBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BarGaugeDisplayMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import type { Panel, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { COLOUR, type PanelOptions, thresholds, withCommon } from "./panel.ts";
import { instantQueries } from "./query.ts";

/** One bar a series, of its value at the end of the shown time. */
export function bars(
  options: PanelOptions & {
    readonly colours?: ReturnType<typeof thresholds>;
    readonly mappings?: readonly ValueMapping[];
    readonly noValue?: string;
  },
): Builder<Panel> {
  const builder = withCommon(new PanelBuilder(), options)
    .targets(instantQueries(options.queries))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .min(0)
    .thresholds(options.colours ?? thresholds(COLOUR.neutral));
  if (options.mappings !== undefined) builder.mappings([...options.mappings]);
  if (options.noValue !== undefined) builder.noValue(options.noValue);
  return builder;
}

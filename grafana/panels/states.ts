import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import type { Panel, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { COLOUR, type PanelOptions, thresholds, withCommon } from "./panel.ts";
import { rangeQueries } from "./query.ts";

/** One band a series, coloured by its value, over the shown time. */
export function states(
  options: PanelOptions & {
    readonly mappings: readonly ValueMapping[];
    readonly showsValue?: boolean;
  },
): Builder<Panel> {
  return withCommon(new PanelBuilder(), options)
    .targets(rangeQueries(options.queries))
    .mappings([...options.mappings])
    .thresholds(thresholds(COLOUR.unknown))
    .mergeValues(true)
    .rowHeight(0.85)
    .showValue(options.showsValue === true ? VisibilityMode.Auto : VisibilityMode.Never)
    .perPage(25)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Hidden)
        .placement(LegendPlacement.Bottom)
        .showLegend(false)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None));
}

import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import type { Panel, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { COLOUR, type PanelOptions, thresholds, withCommon } from "./panel.ts";
import { instantQueries, rangeQueries } from "./query.ts";

export type StatOptions = Omit<PanelOptions, "height"> & {
  readonly height?: number;
  readonly colours?: ReturnType<typeof thresholds>;
  readonly mappings?: readonly ValueMapping[];
  readonly decimals?: number;
  /** Instead of the value the name of its series, which carries what labels say. */
  readonly shows?: "value" | "name";
  /** Whether the course over the shown time stands behind the number. */
  readonly hasCourse?: boolean;
  /** In place of the number, where there is nothing. */
  readonly noValue?: string;
};

const HEIGHT = 4;

/** One number or a few, as they are at the end of the shown time. */
export function stat(options: StatOptions): Builder<Panel> {
  const { hasCourse = false, shows = "value" } = options;
  const builder = withCommon(new PanelBuilder(), { height: HEIGHT, ...options })
    .targets(hasCourse ? rangeQueries(options.queries) : instantQueries(options.queries))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .graphMode(hasCourse ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .orientation(VizOrientation.Auto)
    .textMode(shows === "name" ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .thresholds(options.colours ?? thresholds(COLOUR.neutral));
  if (options.mappings !== undefined) builder.mappings([...options.mappings]);
  if (options.decimals !== undefined) builder.decimals(options.decimals);
  if (options.noValue !== undefined) builder.noValue(options.noValue);
  return builder;
}

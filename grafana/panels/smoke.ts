import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { VisibilityMode } from "@grafana/grafana-foundation-sdk/common";
import type { DynamicConfigValue, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { ofTarget } from "../selectors.ts";
import type { Query } from "./query.ts";
import { fixedColour, property, timeSeries } from "./time-series.ts";

/** The colour of the median says how much was lost, as SmokePing has taught everyone to read it. */
const LOSS_CLASSES = [
  { name: "median, nothing lost", from: undefined, to: 0, color: "green" },
  { name: "median, up to 2 % lost", from: 0, to: 0.02, color: "blue" },
  { name: "median, up to 5 % lost", from: 0.02, to: 0.05, color: "purple" },
  { name: "median, up to 20 % lost", from: 0.05, to: 0.2, color: "yellow" },
  { name: "median, up to half lost", from: 0.2, to: 0.5, color: "orange" },
  { name: "median, more than half lost", from: 0.5, to: undefined, color: "red" },
] as const;

/** Pairs of quantiles with grey smoke between them: the denser, the more round-trip times lie there. */
const BANDS = [
  { low: "p10", high: "p90", opacity: 15 },
  { low: "p25", high: "p75", opacity: 30 },
] as const;

const SMOKE_COLOUR = "text";

function quantile(name: string): string {
  return ofTarget(`target:sounder_icmp_rtt_seconds:${name}_5m`);
}

/** Several agents, modules or addresses make one band: the widest. */
const BAND_QUERIES: readonly Query[] = BANDS.flatMap(({ low, high }) => [
  { expr: `max(${quantile(high)})`, legend: high },
  { expr: `min(${quantile(low)})`, legend: low },
]);

const MEDIAN_QUERIES: readonly Query[] = LOSS_CLASSES.map(({ name, from, to }) => {
  const lost = `max(${ofTarget("target:sounder_icmp_loss:ratio_5m")})`;
  const above = from === undefined ? "" : ` > ${from}`;
  const upTo = to === undefined ? "" : ` <= ${to}`;
  return { expr: `quantile(0.5, ${quantile("p50")}) and ${lost}${above}${upTo}`, legend: name };
});

/** Grafana fills the space down to the series that `fillBelowTo` names. */
function bandProperties(low: string | undefined, opacity: number): DynamicConfigValue[] {
  const common = [fixedColour(SMOKE_COLOUR), property("custom.lineWidth", 0)];
  const shown = [...common, property("custom.showPoints", VisibilityMode.Never)];
  if (low === undefined) return shown;
  return [...shown, property("custom.fillBelowTo", low), property("custom.fillOpacity", opacity)];
}

export function smokeBand(): Builder<Panel> {
  const panel = timeSeries({
    title: "Round-trip time",
    description:
      "Median, in the colour of the loss, on the smoke of all round-trip times: half of them lie in the dark band (p25 to p75), four fifths in the light one (p10 to p90). Over five minutes at each point; of several agents or addresses the widest band and the median of medians.",
    unit: "s",
    width: 24,
    height: 11,
    queries: [...BAND_QUERIES, ...MEDIAN_QUERIES],
  });
  for (const { low, high, opacity } of BANDS) {
    panel.overrideByName(high, bandProperties(low, opacity));
    panel.overrideByName(low, bandProperties(undefined, 0));
  }
  for (const { name, color } of LOSS_CLASSES) {
    panel.overrideByName(name, [
      fixedColour(color),
      property("custom.lineWidth", 3),
      // A lone point between two other colours has no line.
      property("custom.showPoints", VisibilityMode.Always),
      property("custom.pointSize", 4),
    ]);
  }
  return panel;
}

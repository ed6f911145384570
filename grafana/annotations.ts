import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { ofAgents, ofTarget } from "./selectors.ts";
import { DATA_SOURCE } from "./variables.ts";

/** Marks a moment in every panel of a dashboard. */
function marks(options: {
  readonly name: string;
  /** Has a value above 0 at the marked moments. */
  readonly expr: string;
  /** With `{{label}}` for the value of a label. */
  readonly text: string;
  readonly color: string;
}): Builder<AnnotationQuery> {
  return new AnnotationQueryBuilder()
    .name(options.name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor(options.color)
    .expr(options.expr)
    .titleFormat(options.name)
    .textFormat(options.text)
    .step("1m");
}

/** A failed probe takes the hop limit away until the next answer; `changes` passes over that. */
export const hopLimitChanges: Builder<AnnotationQuery> = marks({
  name: "Hop limit changed",
  expr: `changes(${ofTarget("sounder_icmp_reply_hop_limit")}[$__rate_interval]) > 0`,
  text: "{{target}} as {{instance}} sees it: another path, or another host",
  color: "purple",
});

export const addressChanges: Builder<AnnotationQuery> = marks({
  name: "Address changed",
  expr: `increase(${ofTarget("sounder_target_address_changes_total")}[$__rate_interval]) > 0`,
  text: "{{target}} leads to another address for {{instance}}",
  color: "blue",
});

export const restarts: Builder<AnnotationQuery> = marks({
  name: "Agent started",
  expr: `changes(${ofAgents("process_start_time_seconds")}[$__rate_interval]) > 0`,
  text: "{{instance}}: counters begin at 0 again",
  color: "orange",
});

export const reloads: Builder<AnnotationQuery> = marks({
  name: "Configuration loaded",
  expr: `changes(${ofAgents("sounder_config_last_reload_success_timestamp_seconds")}[$__rate_interval]) > 0`,
  text: "{{instance}}",
  color: "blue",
});

import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";

/** The data source that all panels and variables use: the one chosen at the top. */
export const DATA_SOURCE = { type: "prometheus", uid: "${datasource}" } as const;

export const datasource: Builder<VariableModel> = new DatasourceVariableBuilder("datasource")
  .label("Data source")
  .description("The Prometheus that scrapes the agents.")
  .type("prometheus")
  .current({ text: "default", value: "default" });

/** @param metric Whose jobs to choose from. */
export function job(metric: string): Builder<VariableModel> {
  return choice("job", "Scrape job.", `label_values(${metric}, job)`);
}

export function instance(metric: string, description: string): Builder<VariableModel> {
  return choice("instance", description, `label_values(${metric}{job=~"$job"}, instance)`);
}

export function group(metric: string): Builder<VariableModel> {
  const query = `label_values(${metric}{job=~"$job", instance=~"$instance"}, group)`;
  return choice("group", "Group of targets, as configured.", query);
}

export function targets(metric: string): Builder<VariableModel> {
  return choice("target", "Targets, as configured.", targetsQuery(metric));
}

/** One target: quantiles of two in one panel could not be told apart. */
export function oneTarget(metric: string): Builder<VariableModel> {
  const query = targetsQuery(metric);
  return queried("target", "Target, as configured.", query).multi(false).includeAll(false);
}

function targetsQuery(metric: string): string {
  return `label_values(${metric}{job=~"$job", instance=~"$instance", group=~"$group"}, target)`;
}

/** `.+` for all: a series that lacks the label is none of ours. */
function choice(name: string, description: string, query: string): Builder<VariableModel> {
  return queried(name, description, query)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

function queried(name: string, description: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(name.charAt(0).toUpperCase() + name.slice(1))
    .description(description)
    .datasource(DATA_SOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
}

import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasource } from "./variables.ts";

/** Names by which alerts, links and bookmarks know the dashboards: they never change. */
export const UID = {
  overview: "sounder-overview",
  target: "sounder-target",
  httpAndTls: "sounder-http-tls",
  agent: "sounder-agent",
  blackbox: "sounder-blackbox",
  slo: "sounder-slo",
} as const;
export type Uid = (typeof UID)[keyof typeof UID];

/** What the agents measure all the time: `instance` is an agent, and one choice of variables holds for all. */
const CONTINUOUS_TAG = "sounder";
/** What is asked by `/probe`: `instance` is what was probed, so no choice is carried over. */
const ON_DEMAND_TAG = "sounder-probe";

export type Row = { readonly title: string; readonly panels: readonly Builder<Panel>[] };

export type DashboardOptions = {
  readonly uid: Uid;
  readonly title: string;
  readonly description: string;
  /** The shown time at opening, back from now: `6h`. */
  readonly shows: string;
  readonly kind?: "continuous" | "on demand";
  /** Besides the data source, from the widest to the narrowest. */
  readonly variables: readonly Builder<VariableModel>[];
  readonly annotations?: readonly Builder<AnnotationQuery>[];
  readonly rows: readonly Row[];
};

/** A dashboard of the classic model, which Grafana reads from 10 on. It is provisioned from files, so nobody edits it. */
export function dashboard(options: DashboardOptions): Dashboard {
  const { kind = "continuous" } = options;
  const builder = new DashboardBuilder(options.title)
    .uid(options.uid)
    .description(options.description)
    .tags([kind === "continuous" ? CONTINUOUS_TAG : ON_DEMAND_TAG])
    .time({ from: `now-${options.shows}`, to: "now" })
    .refresh("1m")
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([datasource, ...options.variables])
    .annotations([...(options.annotations ?? [])])
    .links([
      linksTo(CONTINUOUS_TAG, "Sounder", kind === "continuous"),
      linksTo(ON_DEMAND_TAG, "On demand", false),
    ]);
  for (const { title, panels } of options.rows) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  return finished(builder.build());
}

function linksTo(tag: string, title: string, includesVariables: boolean): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(false)
    .includeVars(includesVariables)
    .keepTime(true);
}

/**
 * Panels get numbers here: those that Grafana gives at loading change with each new panel above. The SDK would put links and
 * annotations into a menu; they shall be seen.
 */
function finished(built: Dashboard): Dashboard {
  const panels = (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 }));
  for (const link of built.links ?? []) delete link.placement;
  for (const annotation of built.annotations.list ?? []) delete annotation.placement;
  return { ...built, panels };
}

/** The page of one target, for the target of the same table row or of the same series. */
export const FROM_ROW_TO_TARGET = linkToTarget("__data.fields.Target");
export const FROM_SERIES_TO_TARGET = linkToTarget("__field.labels.target");

/** @param source Where the target is found. Encoded: a target may be a URL with `&` in it. */
function linkToTarget(source: string): { readonly title: string; readonly url: string } {
  const carried = ["__url_time_range", "datasource:queryparam", "job:queryparam"];
  const query = [...carried.map((name) => `\${${name}}`), `var-target=\${${source}:percentencode}`];
  return { title: "Show this target", url: `/d/${UID.target}?${query.join("&")}` };
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import { ALL_DASHBOARDS, dashboardFile } from "../../grafana/all-dashboards.ts";
import { packageRoot } from "../support/golden.ts";

/** The dashboards as they are shipped: what the files say, not what the program would write. */
export const SHIPPED: readonly Dashboard[] = ALL_DASHBOARDS.map((built) => readShipped(built));

export function readShipped(built: Dashboard): Dashboard {
  return JSON.parse(readFileSync(join(packageRoot(), dashboardFile(built)), "utf8"));
}

/** A query of a panel, as Grafana sends it once its variables are put in. */
export type PanelQuery = {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly format: "time_series" | "table" | "heatmap";
  readonly instant: boolean;
};

/** An expression and where it stands. */
export type Expression = {
  readonly dashboard: Dashboard;
  /** For people: the panel, the letter of the query. */
  readonly place: string;
  readonly expr: string;
  readonly from: "panel" | "annotation" | "variable";
  /** Labels that its legend or text shows. */
  readonly shownLabels: readonly string[];
};

export function panelsOf(dashboard: Dashboard): readonly Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => !isRow(panel));
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === "row";
}

export function queriesOf(panel: Panel): readonly PanelQuery[] {
  return (panel.targets ?? []).map((target) => {
    const { refId, expr, legendFormat, format, instant } = target as unknown as PanelQuery;
    const legend = legendFormat === undefined ? {} : { legendFormat };
    return { refId, expr, ...legend, format, instant };
  });
}

/** Everything in a dashboard that Prometheus is asked. */
export function expressionsOf(dashboard: Dashboard): readonly Expression[] {
  const { title } = dashboard;
  const ofPanels = panelsOf(dashboard).flatMap((panel) =>
    queriesOf(panel).map(({ refId, expr, legendFormat }) => ({
      dashboard,
      place: `${title}: ${panel.title}, ${refId}`,
      expr,
      from: "panel" as const,
      shownLabels: labelsIn(legendFormat ?? ""),
    })),
  );
  const ofAnnotations = (dashboard.annotations.list ?? []).map((annotation) => ({
    dashboard,
    place: `${title}: annotation ${annotation.name}`,
    expr: annotation.expr ?? "",
    from: "annotation" as const,
    shownLabels: labelsIn(annotation.textFormat ?? ""),
  }));
  const ofVariables = (dashboard.templating.list ?? [])
    .filter(({ type }) => type === "query")
    .map(({ name, query }) => ({
      dashboard,
      place: `${title}: variable ${name}`,
      expr: labelValues(query).metric,
      from: "variable" as const,
      shownLabels: [labelValues(query).label],
    }));
  return [...ofPanels, ...ofAnnotations, ...ofVariables];
}

/** `label_values(metric{…}, label)` of a variable. @throws when it is something else. */
export function labelValues(query: unknown): { readonly metric: string; readonly label: string } {
  const text = typeof query === "string" ? query : JSON.stringify(query);
  const [, metric, label] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
  if (metric === undefined || label === undefined) throw new Error(`${text} is no label_values`);
  return { metric, label };
}

function labelsIn(format: string): readonly string[] {
  return [...format.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
}

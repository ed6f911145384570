import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { type PanelQuery, queriesOf } from "../../test/grafana/expressions.ts";
import type { RangeQuery, Series } from "../../test/grafana/stage/range-query.ts";
import { type Choice, substitute } from "../../test/grafana/substitute.ts";

/** The shown time, Unix times in seconds. */
export type Span = {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
};

/** What a query of a panel gave. */
export type Answer = {
  readonly refId: string;
  readonly series: readonly NamedSeries[];
};
export type NamedSeries = Series & {
  /** As its legend has it. */
  readonly name: string;
};

/**
 * All that a panel shows.
 *
 * @param choices Of the variables; the first with data for the panel is taken, as no one target has everything.
 */
export async function dataOf(
  panel: Panel,
  prometheus: RangeQuery,
  span: Span,
  choices: readonly Choice[],
): Promise<readonly Answer[]> {
  const queries = queriesOf(panel);
  let best: readonly Answer[] = [];
  for (const choice of choices) {
    const answers: Answer[] = [];
    for (const query of queries) {
      const series = await seriesOf(query, prometheus, span, choice);
      answers.push({ refId: query.refId, series });
    }
    if (answers.some(({ series }) => series.length > 0)) return answers;
    best = answers;
  }
  return best;
}

async function seriesOf(
  { expr, legendFormat, instant }: PanelQuery,
  prometheus: RangeQuery,
  span: Span,
  choice: Choice,
): Promise<readonly NamedSeries[]> {
  const range = `${Math.round(span.toSeconds - span.fromSeconds)}s`;
  const sent = substitute(expr, choice, range);
  const series = instant
    ? await prometheus.instant(sent, span.toSeconds)
    : await prometheus.range(sent, span);
  return series
    .map((one) => ({ ...one, name: nameOf(one.labels, legendFormat) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function nameOf(labels: Readonly<Record<string, string>>, format: string | undefined): string {
  if (format === undefined) return Object.values(labels).join(" ");
  return format.replace(/\{\{(\w+)\}\}/g, (_match, label: string) => labels[label] ?? "");
}

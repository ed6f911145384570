import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

/** What a panel asks of Prometheus. */
export type Query = {
  readonly expr: string;
  /** Name of a series, with `{{label}}` for the value of a label. */
  readonly legend?: string;
};

/** Queries over the shown time, named A, B, … in their order. */
export function rangeQueries(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map((query, index) =>
    started(query, index).format(PromQueryFormat.TimeSeries).range(),
  );
}

/** One series a bucket. */
export function heatmapQueries(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map((query, index) =>
    started(query, index).format(PromQueryFormat.Heatmap).range(),
  );
}

/** Queries about the end of the shown time. */
export function instantQueries(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map((query, index) =>
    started(query, index).format(PromQueryFormat.TimeSeries).instant(),
  );
}

/** Likewise, one row a series, one column a label. */
export function tableQueries(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map((query, index) =>
    started(query, index).format(PromQueryFormat.Table).instant(),
  );
}

/** How Grafana names the queries of a panel. */
export function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function started({ expr, legend }: Query, index: number): DataqueryBuilder {
  const query = new DataqueryBuilder().refId(refId(index)).expr(expr);
  return legend === undefined ? query : query.legendFormat(legend);
}

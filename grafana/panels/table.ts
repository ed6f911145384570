import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  FieldTextAlignment,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  type TableCellOptions,
  TableSortByFieldStateBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import type {
  DynamicConfigValue,
  Panel,
  ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/table";
import { type PanelOptions, type thresholds, withCommon } from "./panel.ts";
import { type Query, refId, tableQueries } from "./query.ts";
import { property } from "./time-series.ts";

/** A column of numbers, from a query of its own. */
export type Column = Query & {
  readonly name: string;
  readonly unit: string;
  readonly decimals?: number;
  readonly colours?: ReturnType<typeof thresholds>;
  readonly mappings?: readonly ValueMapping[];
};

export type TableOptions = Omit<PanelOptions, "queries"> & {
  /** Labels that make a row, as they stand from left to right. Queries give these and no others. */
  readonly labels: readonly string[];
  readonly columns: readonly Column[];
  /** Name of the column whose greatest value comes first; with `-` before it, the least. */
  readonly worstBy: string;
  /** Where a click on a label leads. */
  readonly links?: Readonly<Record<string, { readonly title: string; readonly url: string }>>;
};

/** One row for each set of labels, the numbers of several queries side by side, the worst first. */
export function table(options: TableOptions): Builder<Panel> {
  const { labels, columns, worstBy, links = {} } = options;
  const isRising = worstBy.startsWith("-");
  const builder = withCommon(new PanelBuilder(), { ...options, queries: columns })
    .targets(tableQueries(columns))
    .transformations([
      { id: "merge", options: {} },
      { id: "organize", options: arrangement(labels, columns) },
    ])
    .filterable(true)
    .align(FieldTextAlignment.Auto)
    .sortBy([
      new TableSortByFieldStateBuilder().displayName(worstBy.replace(/^-/, "")).desc(!isRising),
    ]);
  for (const column of columns) builder.overrideByName(column.name, propertiesOf(column));
  for (const [label, link] of Object.entries(links)) {
    builder.overrideByName(headOf(label), [property("links", [link])]);
  }
  return builder;
}

/** A label as the head of its column. */
function headOf(label: string): string {
  const words = label.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What Grafana's transformation "organize fields" is told; a lone query has no letter in the name of its value. */
function arrangement(labels: readonly string[], columns: readonly Column[]) {
  const valueOf = (index: number): string =>
    columns.length === 1 ? "Value" : `Value #${refId(index)}`;
  const order = [...labels, ...columns.map((_, index) => valueOf(index))];
  return {
    excludeByName: { Time: true },
    indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
    renameByName: Object.fromEntries([
      ...labels.map((label) => [label, headOf(label)]),
      ...columns.map(({ name }, index) => [valueOf(index), name]),
    ]),
  };
}

const COLOURED: TableCellOptions = {
  type: TableCellDisplayMode.ColorBackground,
  mode: TableCellBackgroundDisplayMode.Basic,
};

function propertiesOf({ unit, decimals, colours, mappings }: Column): DynamicConfigValue[] {
  const properties = [property("unit", unit)];
  if (decimals !== undefined) properties.push(property("decimals", decimals));
  if (colours !== undefined) properties.push(property("thresholds", colours.build()));
  if (mappings !== undefined) properties.push(property("mappings", mappings));
  if (colours !== undefined || mappings !== undefined) {
    properties.push(property("custom.cellOptions", COLOURED));
  }
  return properties;
}

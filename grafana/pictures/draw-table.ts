import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { writtenValue } from "./draw-values.ts";
import { settingsOf } from "./field-settings.ts";
import type { Answer, Span } from "./panel-data.ts";
import { type Box, line, rect, THEME, text, textWidth } from "./svg.ts";

const ROW_HEIGHT = 26;
const PADDING = 12;

type Row = { readonly labels: readonly string[]; readonly values: (number | undefined)[] };

/** What the transformation "organize fields" was told. */
type Arrangement = {
  readonly indexByName: Readonly<Record<string, number>>;
  readonly renameByName: Readonly<Record<string, string>>;
};

/** Rows of equal labels joined, as the transformations "merge" and "organize fields" do it. */
export function drawTable(panel: Panel, answers: readonly Answer[], span: Span, box: Box): string {
  const arrangement = (panel.transformations ?? []).find(({ id }) => id === "organize")
    ?.options as Arrangement;
  const names = Object.keys(arrangement.indexByName);
  const labelNames = names.filter((name) => !name.startsWith("Value"));
  const heads = names.map((name) => arrangement.renameByName[name] ?? name);
  const columns = heads.slice(labelNames.length);
  const rows = sorted(panel, rowsOf(answers, labelNames), columns);
  const shownRows = rows.slice(0, Math.floor((box.height - 30) / ROW_HEIGHT));
  const cells = shownRows.map(({ labels, values }) => [
    ...labels.map((content) => ({ content, colour: undefined })),
    ...values.map((value, index) =>
      writtenValue(value, settingsOf(panel, columns[index] ?? ""), span.toSeconds),
    ),
  ]);
  const widths = widthsOf([heads.map((content) => ({ content })), ...cells], box.width);
  const left = (column: number): number =>
    box.x + widths.slice(0, column).reduce((sum, width) => sum + width, 0);
  const isColoured = (head: string): boolean =>
    settingsOf(panel, head).custom["cellOptions"] !== undefined;
  const drawn = cells.map((row, index) => {
    const y = box.y + 24 + index * ROW_HEIGHT;
    return row
      .map(({ content, colour }, column) => {
        const isFilled = colour !== undefined && isColoured(heads[column] ?? "");
        const width = widths[column] ?? 0;
        const cell = { x: left(column) + 1, y: y + 1, width: width - 2, height: ROW_HEIGHT - 2 };
        const fill = isFilled ? rect(cell, colour, { "fill-opacity": 0.85 }) : "";
        const ink = isFilled ? THEME.page : THEME.text;
        return `${fill}${text([left(column) + 8, y + 17], content, { fill: ink, maxWidth: width - 14 })}`;
      })
      .join("");
  });
  const head = heads.map((name, column) =>
    text([left(column) + 8, box.y + 16], name, {
      fill: "#6e9fff",
      weight: 600,
      maxWidth: (widths[column] ?? 0) - 10,
    }),
  );
  const below = line([box.x, box.y + 23], [box.x + box.width, box.y + 23], THEME.border);
  return [...head, below, ...drawn].join("");
}

function rowsOf(answers: readonly Answer[], labelNames: readonly string[]): Row[] {
  const rows = new Map<string, Row>();
  for (const [index, { series }] of answers.entries()) {
    for (const { labels, points } of series) {
      const shownLabels = labelNames.map((name) => labels[name] ?? "");
      const key = JSON.stringify(shownLabels);
      const row = rows.get(key) ?? { labels: shownLabels, values: answers.map(() => undefined) };
      row.values[index] = points.at(-1)?.[1];
      rows.set(key, row);
    }
  }
  return [...rows.values()];
}

function sorted(panel: Panel, rows: readonly Row[], columns: readonly string[]): readonly Row[] {
  const { sortBy = [] } = (panel.options ?? {}) as {
    sortBy?: readonly { displayName: string; desc?: boolean }[];
  };
  const [by] = sortBy;
  const column = columns.indexOf(by?.displayName ?? "");
  const sign = by?.desc === true ? -1 : 1;
  const worst = sign === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const keyOf = ({ values }: Row): number => values[column] ?? worst;
  return [...rows].sort((a, b) => (keyOf(a) === keyOf(b) ? 0 : sign * (keyOf(a) - keyOf(b))));
}

/** Each column as wide as its widest cell wants, shrunk or stretched to the width of the table. */
function widthsOf(
  rows: readonly (readonly { readonly content: string }[])[],
  whole: number,
): readonly number[] {
  const wanted = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => textWidth(row[column]?.content ?? "") + 2 * PADDING)),
  );
  const sum = wanted.reduce((total, width) => total + width, 0);
  return wanted.map((width) => (width / sum) * whole);
}

import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { RangeQuery } from "../../test/grafana/stage/range-query.ts";
import { type Choice, substitute } from "../../test/grafana/substitute.ts";
import { drawHeatmap, drawStates } from "./draw-bands.ts";
import { drawTable } from "./draw-table.ts";
import { drawTimeSeries } from "./draw-time-series.ts";
import { drawBars, drawStat } from "./draw-values.ts";
import { type Answer, dataOf, type Span } from "./panel-data.ts";
import { type Box, colourNamed, escaped, inset, line, rect, THEME, text } from "./svg.ts";

const COLUMN_WIDTH = 56;
const ROW_HEIGHT = 30;
const GAP = 6;
const MARGIN = 12;
const HEAD_HEIGHT = 62;
const TITLE_HEIGHT = 26;
const WIDTH = 24 * COLUMN_WIDTH + 2 * MARGIN;

type DrawPanel = (panel: Panel, answers: readonly Answer[], span: Span, box: Box) => string;

const DRAWN_BY: Readonly<Record<string, DrawPanel>> = {
  timeseries: drawTimeSeries,
  stat: drawStat,
  table: drawTable,
  heatmap: drawHeatmap,
  "state-timeline": drawStates,
  bargauge: drawBars,
};

/** A moment that an annotation marks in the panels over time. */
type Mark = { readonly atSeconds: number; readonly color: string };

/**
 * A preview of a dashboard: its panels in their places, drawn from data of the test lab.
 *
 * @param choices Of the variables, the first with data for a panel.
 * @returns an SVG document.
 */
export async function drawDashboard(
  dashboard: Dashboard,
  prometheus: RangeQuery,
  span: Span,
  choices: readonly Choice[],
): Promise<string> {
  const marks = await marksOf(dashboard, prometheus, span, choices);
  const drawn: string[] = [];
  let bottom = 0;
  for (const panel of dashboard.panels ?? []) {
    const { x = 0, y = 0, w = 0, h = 0 } = panel.gridPos ?? {};
    const box = {
      x: MARGIN + x * COLUMN_WIDTH,
      y: HEAD_HEIGHT + y * ROW_HEIGHT,
      width: w * COLUMN_WIDTH,
      height: h * ROW_HEIGHT,
    };
    bottom = Math.max(bottom, box.y + box.height);
    drawn.push(
      isRow(panel)
        ? drawRow(panel, box)
        : drawPanel(panel, await dataOf(panel, prometheus, span, choices), span, box, marks),
    );
  }
  const height = bottom + MARGIN;
  const page = { x: 0, y: 0, width: WIDTH, height };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Inter, Helvetica, Arial, sans-serif">`,
    `<title>${escaped(dashboard.title ?? "")}: preview, drawn from data of the test lab</title>`,
    rect(page, THEME.page),
    drawHead(dashboard),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === "row";
}

function drawHead({ title = "", description = "" }: Dashboard): string {
  const label = "preview, drawn from data of the test lab; five minutes are ten seconds there";
  return (
    text([MARGIN + 4, 28], title, { size: 20, weight: 600 }) +
    text([MARGIN + 4, 50], description, { size: 13, fill: THEME.faint }) +
    text([WIDTH - MARGIN - 4, 28], label, { size: 13, fill: colourNamed("orange"), anchor: "end" })
  );
}

function drawRow({ title = "" }: RowPanel, box: Box): string {
  return text([box.x + 4, box.y + 20], title, { size: 14, weight: 600, fill: THEME.text });
}

function drawPanel(
  panel: Panel,
  answers: readonly Answer[],
  span: Span,
  place: Box,
  marks: readonly Mark[],
): string {
  const box = inset(place, GAP / 2, GAP / 2, GAP / 2, GAP / 2);
  const draw = DRAWN_BY[panel.type];
  if (draw === undefined) throw new Error(`the previews cannot draw a panel of type ${panel.type}`);
  const frame = rect(box, THEME.panel, { stroke: THEME.border, rx: 2 });
  const title = text([box.x + 10, box.y + 18], panel.title ?? "", {
    size: 13,
    weight: 600,
    maxWidth: box.width - 14,
  });
  const content = inset(box, 0, TITLE_HEIGHT, 0, 4);
  const isEmpty = answers.every(({ series }) => series.length === 0);
  const hasMeaningWhenEmpty = panel.type !== "timeseries" && panel.type !== "table";
  const drawn =
    isEmpty && !hasMeaningWhenEmpty
      ? text([content.x + content.width / 2, content.y + content.height / 2], "nothing to show", {
          fill: THEME.faint,
          anchor: "middle",
        })
      : draw(panel, answers, span, content);
  return `<g>${frame}${title}${drawn}${panel.type === "timeseries" ? drawMarks(marks, span, content) : ""}</g>`;
}

async function marksOf(
  { annotations }: Dashboard,
  prometheus: RangeQuery,
  span: Span,
  choices: readonly Choice[],
): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  for (const { expr = "", iconColor } of annotations.list ?? []) {
    const series = await prometheus.range(substitute(expr, choices[0] ?? {}), span);
    let last = Number.NEGATIVE_INFINITY;
    for (const [atSeconds] of series.flatMap(({ points }) => points)) {
      // The range of the expression makes several points of one moment.
      if (atSeconds - last > span.stepSeconds * 2) marks.push({ atSeconds, color: iconColor });
      last = atSeconds;
    }
  }
  return marks;
}

/** Between the axes of a time series, which keep so much of a panel to themselves. */
const AXES = { left: 62, right: 10, bottom: 40 } as const;

function drawMarks(marks: readonly Mark[], span: Span, content: Box): string {
  const box = inset(content, AXES.left, 4, AXES.right, AXES.bottom);
  return marks
    .map(({ atSeconds, color }) => {
      const share = (atSeconds - span.fromSeconds) / (span.toSeconds - span.fromSeconds);
      const x = box.x + share * box.width;
      return line([x, box.y], [x, box.y + box.height], colourNamed(color), {
        "stroke-width": 1.5,
        "stroke-dasharray": "3 3",
      });
    })
    .join("");
}

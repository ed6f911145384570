import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { writtenValue } from "./draw-values.ts";
import { settingsOf } from "./field-settings.ts";
import type { Answer, NamedSeries, Span } from "./panel-data.ts";
import { clockText, timeTicks } from "./scales.ts";
import { type Box, boxPath, inset, path, rect, THEME, text, textWidth } from "./svg.ts";
import { shown } from "./units.ts";

const AXIS_HEIGHT = 20;
const MAX_BAND_HEIGHT = 30;
const SHADES = 10;

function drawTimes(box: Box, { fromSeconds, toSeconds }: Span): string {
  return timeTicks([fromSeconds, toSeconds], box.width / 90)
    .map((tick) => {
      const x = box.x + ((tick - fromSeconds) / (toSeconds - fromSeconds)) * box.width;
      const at = [x, box.y + box.height + 14] as const;
      return text(at, clockText(tick), { size: 11, fill: THEME.faint, anchor: "middle" });
    })
    .join("");
}

/** A state timeline: one band a series, in the colours of its values. */
export function drawStates(panel: Panel, answers: readonly Answer[], span: Span, box: Box): string {
  const series = answers.flatMap((answer) => answer.series);
  if (series.length === 0) return text([box.x + 12, box.y + 30], "no data", { fill: THEME.faint });
  const settings = settingsOf(panel, "");
  const { showValue } = (panel.options ?? {}) as { showValue?: string };
  const nameWidth = Math.min(
    Math.max(...series.map(({ name }) => textWidth(name, 11))) + 20,
    box.width * 0.45,
  );
  const plot = inset(box, nameWidth, 2, 10, AXIS_HEIGHT);
  const height = Math.min(plot.height / series.length, MAX_BAND_HEIGHT);
  const xOf = (seconds: number): number =>
    plot.x + ((seconds - span.fromSeconds) / (span.toSeconds - span.fromSeconds)) * plot.width;
  const drawn = series.map(({ name, points }, index) => {
    const y = plot.y + index * height;
    const label = text([plot.x - 8, y + height / 2 + 4], name, {
      size: 11,
      anchor: "end",
      maxWidth: nameWidth - 12,
    });
    const runs = equalRuns(points, span.stepSeconds).map(({ from, to, value }) => {
      const { content, colour } = writtenValue(value, settings, span.toSeconds);
      const x = xOf(from);
      const width = xOf(Math.min(to + span.stepSeconds, span.toSeconds)) - x;
      const band = { x, y: y + 1, width: Math.max(width, 1), height: height - 2 };
      const isWritten = showValue === "auto" && width > textWidth(content, 11) + 8;
      const written = isWritten
        ? text([x + 5, y + height / 2 + 4], content, { size: 11, fill: THEME.page, weight: 600 })
        : "";
      return `${rect(band, colour ?? THEME.faint, { "fill-opacity": 0.85 })}${written}`;
    });
    return label + runs.join("");
  });
  return drawn.join("") + drawTimes(plot, span);
}

type Run = { readonly from: number; to: number; readonly value: number };

function equalRuns(points: NamedSeries["points"], stepSeconds: number): readonly Run[] {
  const runs: Run[] = [];
  for (const [at, value] of points) {
    const last = runs.at(-1);
    if (last !== undefined && last.value === value && at - last.to <= stepSeconds * 1.5) {
      last.to = at;
    } else {
      runs.push({ from: at, to: at, value });
    }
  }
  return runs;
}

/** Buckets from the least below to the greatest above; the brighter, the more fell into one. */
export function drawHeatmap(
  panel: Panel,
  answers: readonly Answer[],
  span: Span,
  box: Box,
): string {
  const { unit } = settingsOf(panel, "");
  const buckets = usedBuckets(answers.flatMap((answer) => answer.series));
  if (buckets.length === 0) return text([box.x + 12, box.y + 30], "no data", { fill: THEME.faint });
  const plot = inset(box, 62, 4, 10, AXIS_HEIGHT);
  const height = plot.height / buckets.length;
  const secondWidth = plot.width / (span.toSeconds - span.fromSeconds);
  const width = secondWidth * span.stepSeconds;
  const most = Math.max(...buckets.flatMap(({ counts }) => [...counts.values()]), 1e-9);
  const cells = new Map<number, string>();
  const labels = buckets.map(({ le, counts }, index) => {
    const y = plot.y + plot.height - (index + 1) * height;
    for (const [at, count] of counts) {
      const left = plot.x + (at - span.fromSeconds - span.stepSeconds) * secondWidth;
      const x = Math.max(left, plot.x);
      const cell = { x, y: y + 0.5, width: left + width + 0.3 - x, height: height - 1 };
      const shade = Math.ceil(Math.sqrt(count / most) * SHADES) / SHADES;
      if (cell.width > 0) cells.set(shade, `${cells.get(shade) ?? ""}${boxPath(cell)}`);
    }
    const label = Number.isFinite(le) ? shown(le, unit, span.toSeconds) : "more";
    const at = [plot.x - 6, y + 4] as const;
    return text(at, label, { size: 10, fill: THEME.faint, anchor: "end" });
  });
  const drawn = [...cells].map(([shade, boxes]) =>
    path(boxes, { fill: "#5794f2", "fill-opacity": shade }),
  );
  return [...drawn, ...labels, drawTimes(plot, span)].join("");
}

type Bucket = { readonly le: number; readonly counts: ReadonlyMap<number, number> };

/** Counts of each bucket alone, as Prometheus gives them added up; those beyond the used ones left out. */
function usedBuckets(series: readonly NamedSeries[]): readonly Bucket[] {
  const rising = series
    .map(({ labels, points }) => ({
      le: Number((labels["le"] ?? "").replace("+Inf", "Infinity")),
      points,
    }))
    .sort((a, b) => a.le - b.le);
  const buckets = rising.map(({ le, points }, index) => {
    const below = new Map(rising[index - 1]?.points ?? []);
    const counts = points.map(([at, count]) => [at, count - (below.get(at) ?? 0)] as const);
    return { le, counts: new Map(counts.filter(([, count]) => count > 1e-6)) };
  });
  const used = buckets.map(({ counts }) => counts.size > 0);
  return buckets.slice(Math.max(used.indexOf(true) - 1, 0), used.lastIndexOf(true) + 1);
}

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { type FieldSettings, settingsOf } from "./field-settings.ts";
import type { Answer, NamedSeries, Span } from "./panel-data.ts";
import { clockText, linearScale, logScale, type Scale, timeTicks } from "./scales.ts";
import {
  type Box,
  boxPath,
  circle,
  colourNamed,
  group,
  inset,
  line,
  paletteColour,
  path,
  rect,
  rounded,
  THEME,
  text,
  textWidth,
} from "./svg.ts";
import { shown } from "./units.ts";

const AXIS_WIDTH = 62;
const AXIS_HEIGHT = 18;
const LEGEND_ROW_HEIGHT = 16;
const MAX_LEGEND_ROWS = 3;
/** A gap of so many steps is a gap; fewer is a scrape that came late. */
const GAP_STEPS = 2.5;

type Curve = NamedSeries & {
  readonly settings: FieldSettings;
  readonly colour: string;
  /** What it stands on, when curves are stacked. */
  readonly base: ReadonlyMap<number, number>;
};

type Frame = { readonly box: Box; readonly x: (seconds: number) => number; readonly y: Scale };

export function drawTimeSeries(
  panel: Panel,
  answers: readonly Answer[],
  span: Span,
  box: Box,
): string {
  const series = answers.flatMap((answer) => answer.series);
  const legend = drawLegend(panel, series, box);
  const plot = inset(box, AXIS_WIDTH, 4, 10, AXIS_HEIGHT + legend.height);
  const curves = stackedCurves(panel, series);
  const frame = frameOf(panel, curves, span, plot);
  const marks = curves.map((curve) => {
    const isBars = curve.settings.custom["drawStyle"] === "bars";
    return isBars ? drawBars(curve, frame, span) : drawCurve(curve, curves, frame, span);
  });
  return [drawAxes(panel, frame, span), ...marks, drawLimits(panel, frame), legend.drawn].join("");
}

function isStackedPanel(panel: Panel): boolean {
  const { stacking } = settingsOf(panel, "").custom as { stacking?: { mode?: string } };
  return stacking?.mode === "normal";
}

function stackedCurves(panel: Panel, series: readonly NamedSeries[]): readonly Curve[] {
  const isStacked = isStackedPanel(panel);
  const tops = new Map<number, number>();
  return series.map((one, index) => {
    const settings = settingsOf(panel, one.name);
    const base = new Map(tops);
    if (isStacked) {
      for (const [at, value] of one.points) tops.set(at, (tops.get(at) ?? 0) + value);
    }
    return { ...one, settings, colour: settings.fixedColour ?? paletteColour(index), base };
  });
}

function frameOf(panel: Panel, curves: readonly Curve[], span: Span, box: Box): Frame {
  const { custom, min, max } = settingsOf(panel, curves[0]?.name ?? "");
  const { scaleDistribution } = custom as { scaleDistribution?: { type?: string } };
  const values = curves.flatMap(({ points, base }) =>
    points.map(([at, value]) => value + (base.get(at) ?? 0)),
  );
  const ends = [box.y + box.height, box.y] as const;
  const x = (seconds: number): number =>
    box.x + ((seconds - span.fromSeconds) / (span.toSeconds - span.fromSeconds || 1)) * box.width;
  const positive = values.filter((value) => value > 0);
  if (scaleDistribution?.type === "log" && positive.length > 0) {
    return { box, x, y: logScale([Math.min(...positive), Math.max(...positive)], ends) };
  }
  const low = Math.min(min ?? Number.POSITIVE_INFINITY, ...values);
  const high = Math.max(...values, low);
  const top = max ?? (high === low ? low + 1 : high + (high - low) / 20);
  return { box, x, y: linearScale([low, top], ends, 5) };
}

function drawAxes(panel: Panel, { box, x, y }: Frame, span: Span): string {
  const { unit, decimals } = settingsOf(panel, "");
  const rows = y.ticks.map((tick) => {
    const at = y.at(tick);
    return (
      line([box.x, at], [box.x + box.width, at], THEME.grid, { "stroke-width": 1 }) +
      text([box.x - 6, at + 4], shown(tick, unit, span.toSeconds, decimals), {
        size: 11,
        fill: THEME.faint,
        anchor: "end",
      })
    );
  });
  const columns = timeTicks([span.fromSeconds, span.toSeconds], box.width / 90).map((tick) =>
    text([x(tick), box.y + box.height + 14], clockText(tick), {
      size: 11,
      fill: THEME.faint,
      anchor: "middle",
    }),
  );
  return [...rows, ...columns].join("");
}

/** Runs of points without a gap. */
function runsOf(curve: Curve, span: Span): readonly (readonly (readonly [number, number])[])[] {
  const runs: (readonly [number, number])[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const point of curve.points) {
    if (point[0] - last > span.stepSeconds * GAP_STEPS) runs.push([]);
    runs.at(-1)?.push(point);
    last = point[0];
  }
  return runs;
}

function drawCurve(curve: Curve, all: readonly Curve[], frame: Frame, span: Span): string {
  const { settings, base, colour } = curve;
  const { custom } = settings;
  const at = ([seconds, value]: readonly [number, number]): string =>
    `${rounded(frame.x(seconds))} ${rounded(frame.y.at(value + (base.get(seconds) ?? 0)))}`;
  const width = Number(custom["lineWidth"] ?? 1);
  const opacity = Number(custom["fillOpacity"] ?? 0) / 100;
  const floor = floorOf(curve, all, frame);
  return runsOf(curve, span)
    .map((run) => {
      const upper = run.map(at);
      const lower = [...run].reverse().map(([seconds]) => {
        return `${rounded(frame.x(seconds))} ${rounded(floor(seconds))}`;
      });
      const area =
        opacity === 0
          ? ""
          : path(`M${[...upper, ...lower].join("L")}Z`, { fill: colour, "fill-opacity": opacity });
      const stroke =
        width === 0 || upper.length < 2
          ? ""
          : path(`M${upper.join("L")}`, { fill: "none", stroke: colour, "stroke-width": width });
      const isPoint = custom["showPoints"] === "always" || (run.length === 1 && width > 0);
      const points = isPoint
        ? run.map((point) => {
            const [x = 0, y = 0] = at(point).split(" ").map(Number);
            return circle([x, y], 2, colour);
          })
        : [];
      return `${area}${stroke}${points.join("")}`;
    })
    .join("");
}

/** Down to where a curve is filled: another curve, the one it stands on, or the axis. */
function floorOf(curve: Curve, all: readonly Curve[], { y, box }: Frame) {
  const below = all.find(({ name }) => name === curve.settings.custom["fillBelowTo"]);
  const values = below === undefined ? undefined : new Map(below.points);
  return (seconds: number): number => {
    const value = values === undefined ? (curve.base.get(seconds) ?? 0) : values.get(seconds);
    return Math.min(y.at(value ?? 0), box.y + box.height);
  };
}

function drawBars({ points, base, colour }: Curve, { x, y }: Frame, span: Span): string {
  const width = Math.max(x(span.stepSeconds) - x(0) - 1, 1);
  const bars = points
    .filter(([, value]) => value > 0)
    .map(([at, value]) => {
      const bottom = y.at(base.get(at) ?? 0);
      const top = y.at(value + (base.get(at) ?? 0));
      return boxPath({ x: x(at) - width / 2, y: top, width, height: bottom - top });
    });
  return bars.length === 0 ? "" : path(bars.join(""), { fill: colour, "fill-opacity": 0.85 });
}

/** Thresholds, where the panel draws them as lines. */
function drawLimits(panel: Panel, { box, y }: Frame): string {
  const { thresholds, custom } = settingsOf(panel, "");
  const { thresholdsStyle } = custom as { thresholdsStyle?: { mode?: string } };
  if (thresholdsStyle?.mode === undefined || thresholdsStyle.mode === "off") return "";
  return thresholds
    .map(({ value, color }) => ({ value, at: value === null ? Number.NaN : y.at(value), color }))
    .filter(({ at }) => at >= box.y && at <= box.y + box.height)
    .map(({ at, color }) =>
      line([box.x, at], [box.x + box.width, at], colourNamed(color), {
        "stroke-width": 1.5,
        "stroke-dasharray": "8 6",
      }),
    )
    .join("");
}

function drawLegend(panel: Panel, series: readonly NamedSeries[], box: Box) {
  const { legend } = (panel.options ?? {}) as { legend?: { showLegend?: boolean } };
  if (legend?.showLegend === false || series.length === 0) return { drawn: "", height: 0 };
  const rows: string[][] = [[]];
  let x = 0;
  for (const [index, { name }] of series.entries()) {
    const width = Math.min(textWidth(name, 11) + 28, box.width - AXIS_WIDTH);
    if (x > 0 && x + width > box.width - AXIS_WIDTH) {
      x = 0;
      rows.push([]);
    }
    const colour = settingsOf(panel, name).fixedColour ?? paletteColour(index);
    const left = box.x + AXIS_WIDTH - 40 + x;
    rows
      .at(-1)
      ?.push(
        rect({ x: left, y: -4, width: 12, height: 3 }, colour) +
          text([left + 17, 0], name, { size: 11, maxWidth: width - 18 }),
      );
    x += width;
  }
  const shownRows = rows.slice(0, MAX_LEGEND_ROWS);
  const height = shownRows.length * LEGEND_ROW_HEIGHT + 4;
  const top = box.y + box.height - height + 14;
  const drawn = shownRows.map((entries, row) =>
    group([0, top + row * LEGEND_ROW_HEIGHT], entries.join("")),
  );
  return { drawn: drawn.join(""), height };
}

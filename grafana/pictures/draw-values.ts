import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { type FieldSettings, mapped, settingsOf, thresholdColour } from "./field-settings.ts";
import type { Answer, Span } from "./panel-data.ts";
import { type Box, colourNamed, path, rect, rounded, THEME, text, textWidth } from "./svg.ts";
import { shown } from "./units.ts";

/** A value as a panel writes it, and in which colour. */
export function writtenValue(
  value: number | undefined,
  settings: FieldSettings,
  nowSeconds: number,
): { readonly content: string; readonly colour: string | undefined } {
  const mapping = mapped(value, settings.mappings);
  const colour =
    mapping?.color !== undefined
      ? colourNamed(mapping.color)
      : value === undefined
        ? undefined
        : thresholdColour(value, settings.thresholds);
  const content =
    mapping?.text ??
    (value === undefined ? "" : shown(value, settings.unit, nowSeconds, settings.decimals));
  return { content, colour };
}

const MAX_STAT_SIZE = 34;

/** One number, large, with its course behind it where the panel has one. */
export function drawStat(panel: Panel, answers: readonly Answer[], span: Span, box: Box): string {
  const series = answers.flatMap((answer) => answer.series);
  const settings = settingsOf(panel, "");
  const { textMode } = (panel.options ?? {}) as { textMode?: string };
  const values =
    textMode === "name"
      ? series.map(({ name }) => ({ content: name, colour: undefined }))
      : series.map(({ points }) => writtenValue(points.at(-1)?.[1], settings, span.toSeconds));
  const contents = values.map(({ content }) => content);
  const whole =
    contents.length === 0 ? (panel.fieldConfig?.defaults.noValue ?? "") : contents.join(", ");
  const colour = values[0]?.colour ?? colourNamed("blue");
  const size = Math.min(MAX_STAT_SIZE, (box.width - 20) / Math.max(textWidth(whole, 1), 1));
  const middle = [box.x + box.width / 2, box.y + box.height / 2 + size / 3] as const;
  return (
    drawCourse(panel, series[0]?.points ?? [], span, box, colour) +
    text(middle, whole, {
      size: Math.max(size, 11),
      fill: colour,
      anchor: "middle",
      weight: 600,
      maxWidth: box.width - 12,
    })
  );
}

function drawCourse(
  panel: Panel,
  points: readonly (readonly [number, number])[],
  { fromSeconds, toSeconds }: Span,
  box: Box,
  colour: string,
): string {
  const { graphMode } = (panel.options ?? {}) as { graphMode?: string };
  if (graphMode !== "area" || points.length < 2) return "";
  const values = points.map(([, value]) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const height = box.height / 3;
  const at = ([seconds, value]: readonly [number, number]): string => {
    const x = box.x + ((seconds - fromSeconds) / (toSeconds - fromSeconds)) * box.width;
    const share = high === low ? 0.1 : (value - low) / (high - low);
    return `${rounded(x)} ${rounded(box.y + box.height - 4 - share * height)}`;
  };
  const upper = points.map(at);
  const floor = rounded(box.y + box.height);
  const first = upper[0]?.split(" ")[0] ?? "0";
  const last = upper.at(-1)?.split(" ")[0] ?? "0";
  return (
    path(`M${first} ${floor}L${upper.join("L")}L${last} ${floor}Z`, {
      fill: colour,
      "fill-opacity": 0.15,
    }) + path(`M${upper.join("L")}`, { fill: "none", stroke: colour, "stroke-opacity": 0.6 })
  );
}

const BAR_ROW_HEIGHT = 30;

/** One bar a series, the longest first. */
export function drawBars(panel: Panel, answers: readonly Answer[], span: Span, box: Box): string {
  const settings = settingsOf(panel, "");
  const rows = answers
    .flatMap((answer) => answer.series)
    .map(({ name, points }) => ({ name, value: points.at(-1)?.[1] ?? 0 }))
    .sort((a, b) => b.value - a.value)
    .slice(0, Math.floor(box.height / BAR_ROW_HEIGHT));
  if (rows.length === 0) {
    const none = panel.fieldConfig?.defaults.noValue ?? "no data";
    return text([box.x + 12, box.y + 30], none, { fill: THEME.faint });
  }
  const nameWidth = Math.min(
    Math.max(...rows.map(({ name }) => textWidth(name))) + 16,
    box.width / 2,
  );
  const most = Math.max(...rows.map(({ value }) => value), 1e-9);
  return rows
    .map(({ name, value }, index) => {
      const { content, colour } = writtenValue(value, settings, span.toSeconds);
      const y = box.y + 6 + index * BAR_ROW_HEIGHT;
      const width = (value / most) * (box.width - nameWidth - 70);
      return (
        text([box.x + 12, y + 17], name, { maxWidth: nameWidth - 12 }) +
        rect({ x: box.x + nameWidth + 4, y, width, height: 22 }, colour ?? THEME.text, {
          "fill-opacity": 0.7,
        }) +
        text([box.x + nameWidth + 12 + width, y + 17], content, { weight: 600 })
      );
    })
    .join("");
}

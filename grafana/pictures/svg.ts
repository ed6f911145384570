/** Colours of Grafana's dark theme, by the names that panels use, so that the previews look like what one will see. */
export const THEME = {
  page: "#111217",
  panel: "#181b1f",
  border: "#2c3235",
  grid: "#2c3235",
  text: "#ccccdc",
  faint: "#8e8e9c",
} as const;

const COLOURS: Readonly<Record<string, string>> = {
  green: "#73bf69",
  yellow: "#fade2a",
  orange: "#ff9830",
  red: "#f2495c",
  blue: "#5794f2",
  purple: "#b877d9",
  text: "#9a9aa8",
  transparent: "none",
};

/** For series without a colour of their own. */
const PALETTE = [
  "#7eb26d",
  "#eab839",
  "#6ed0e0",
  "#ef843c",
  "#e24d42",
  "#1f78c1",
  "#ba43a9",
  "#9f8fd0",
  "#508642",
  "#cca300",
] as const;

export function colourNamed(name: string): string {
  return COLOURS[name] ?? name;
}

export function paletteColour(index: number): string {
  return PALETTE[index % PALETTE.length] ?? THEME.text;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A place on the page, in pixels. */
export type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export function inset(box: Box, left: number, top: number, right: number, bottom: number): Box {
  return {
    x: box.x + left,
    y: box.y + top,
    width: box.width - left - right,
    height: box.height - top - bottom,
  };
}

function element(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === "number" ? String(Math.round(value * 100) / 100) : value}"`,
    )
    .join("");
  return content === undefined ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

export function rect({ x, y, width, height }: Box, fill: string, more: Attributes = {}): string {
  return element("rect", { x, y, width: Math.max(width, 0), height, fill, ...more });
}

/** A rectangle as a part of a path: many of one colour are one element. */
export function boxPath({ x, y, width, height }: Box): string {
  return `M${rounded(x)} ${rounded(y)}h${rounded(width)}v${rounded(height)}h${rounded(-width)}z`;
}

export function line(
  from: readonly [number, number],
  to: readonly [number, number],
  stroke: string,
  more: Attributes = {},
): string {
  return element("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1], stroke, ...more });
}

export function path(d: string, more: Attributes): string {
  return element("path", { d, ...more });
}

export function circle(at: readonly [number, number], radius: number, fill: string): string {
  return element("circle", { cx: at[0], cy: at[1], r: radius, fill });
}

/** Its content, moved. */
export function group([x, y]: readonly [number, number], content: string): string {
  return element("g", { transform: `translate(${rounded(x)} ${rounded(y)})` }, content);
}

export type TextOptions = {
  readonly size?: number;
  readonly fill?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly weight?: number;
  /** What does not fit is cut off, with an ellipsis. */
  readonly maxWidth?: number;
};

export function text(at: readonly [number, number], content: string, options: TextOptions = {}) {
  const { size = 12, fill = THEME.text, anchor, weight, maxWidth } = options;
  const shown = maxWidth === undefined ? content : fitted(content, maxWidth, size);
  const attributes = {
    x: at[0],
    y: at[1],
    fill,
    "font-size": size,
    "font-weight": weight,
    "text-anchor": anchor,
  };
  return element("text", attributes, escaped(shown));
}

/** Of most letters of a sans-serif face, as a share of its size. */
const LETTER_WIDTH = 0.54;

export function textWidth(content: string, size = 12): number {
  return content.length * size * LETTER_WIDTH;
}

function fitted(content: string, maxWidth: number, size: number): string {
  if (textWidth(content, size) <= maxWidth) return content;
  return `${content.slice(0, Math.max(Math.floor(maxWidth / (size * LETTER_WIDTH)) - 1, 0))}…`;
}

export function escaped(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A tenth of a pixel is enough, and keeps files small. */
export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

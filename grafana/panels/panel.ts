import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  MappingType,
  type Panel,
  SpecialValueMatch,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATA_SOURCE } from "../variables.ts";
import type { Query } from "./query.ts";

/** What every panel has. */
export type PanelOptions = {
  readonly title: string;
  /** One or two sentences: what is drawn, and what to make of it. */
  readonly description: string;
  /** As Grafana names it: `s`, `percentunit`, `short`, `pps`, … */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  /** In grid rows of 30 px. */
  readonly height: number;
};

/** A panel as the SDK's builders for each kind share it. */
type CommonBuilder = Builder<Panel> & {
  title(title: string): CommonBuilder;
  description(description: string): CommonBuilder;
  unit(unit: string): CommonBuilder;
  span(columns: number): CommonBuilder;
  height(rows: number): CommonBuilder;
  datasource(reference: { readonly type: string; readonly uid: string }): CommonBuilder;
};

/** Gives a builder of any kind what every panel has. */
export function withCommon<B extends CommonBuilder>(builder: B, options: PanelOptions): B {
  builder
    .title(options.title)
    .description(options.description)
    .unit(options.unit)
    .span(options.width)
    .height(options.height)
    .datasource(DATA_SOURCE);
  return builder;
}

/** Colours by their meaning, by the names that Grafana fits to its light and dark theme. */
export const COLOUR = {
  good: "green",
  notice: "yellow",
  warning: "orange",
  bad: "red",
  neutral: "blue",
  unknown: "text",
} as const;

/** Steps from their value on; the first has none and holds for everything below. */
export function thresholds(
  first: string,
  ...steps: readonly (readonly [value: number, color: string])[]
): Builder<{ mode: ThresholdsMode; steps: Threshold[] }> {
  const further = steps.map(([value, color]) => ({ value, color }));
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: first }, ...further]);
}

/** Shares of loss or failure: anything at all is worth a look, 5 % is felt, 20 % is broken. */
export const LOSS_THRESHOLDS = thresholds(
  COLOUR.good,
  [0.000_1, COLOUR.notice],
  [0.05, COLOUR.warning],
  [0.2, COLOUR.bad],
);

/** Seconds that a certificate has left. */
export const EXPIRY_THRESHOLDS = thresholds(
  COLOUR.bad,
  [3 * 86_400, COLOUR.warning],
  [21 * 86_400, COLOUR.notice],
  [30 * 86_400, COLOUR.good],
);

/** Text and colour for single values, such as 0 and 1 of an up gauge. */
export function valueTexts(
  texts: Readonly<Record<string, readonly [text: string, color: string]>>,
): ValueMapping {
  const options = Object.entries(texts).map(([value, [text, color]], index) => [
    value,
    { text, color, index },
  ]);
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}

/** Likewise for a range of values, both ends included. */
export function rangeText(from: number, to: number, color: string, text?: string): ValueMapping {
  const result = text === undefined ? { color } : { color, text };
  return { type: MappingType.RangeToText, options: { from, to, result } };
}

/** What stands where there is no number. */
export function noNumberText(text: string, color: string): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.NullAndNan, result: { text, color } },
  };
}

export const UP_TEXTS = valueTexts({ "0": ["down", COLOUR.bad], "1": ["up", COLOUR.good] });

/** HTTP status codes by their hundreds; 0 is Sounder's for no answer at all. */
export const STATUS_CODE_TEXTS: readonly ValueMapping[] = [
  valueTexts({ "0": ["no answer", COLOUR.bad] }),
  rangeText(100, 299, COLOUR.good),
  rangeText(300, 399, COLOUR.neutral),
  rangeText(400, 499, COLOUR.warning),
  rangeText(500, 599, COLOUR.bad),
];

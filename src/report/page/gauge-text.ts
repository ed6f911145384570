import { headText } from "../../metrics/exposition.ts";
import { escapeLabelValue } from "../../metrics/label-text.ts";
import { numberText } from "../../metrics/number-text.ts";
import type { Metric } from "../catalogue/metric.ts";

// Pages are made for every scrape of every target, so what is the same on all of them is rendered once, when
// this program starts: what is left for a page is joining texts. `bench/` compares its cost.

/** One gauge without labels: HELP, TYPE and its sample. */
export function gaugeText(metric: Metric): (value: number) => string {
  const start = `${headText(metric)}${metric.name} `;
  return (value) => `${start}${numberText(value)}\n`;
}

/** The same of a gauge that is 1 or 0. */
export function flagText(metric: Metric): (isSo: boolean) => string {
  const gauge = gaugeText(metric);
  const ofTrue = gauge(1);
  const ofFalse = gauge(0);
  return (isSo) => (isSo ? ofTrue : ofFalse);
}

/** An info gauge of one label, value 1: HELP, TYPE and its sample. */
export function infoText(metric: Metric, label: string): (text: string) => string {
  const start = `${headText(metric)}${metric.name}{${label}="`;
  return (text) => `${start}${escapeLabelValue(text)}"} 1\n`;
}

/** HELP and TYPE of a gauge by label, and for each value of the label its sample's text up to the number. */
export type ByLabel<Value extends string> = {
  readonly head: string;
  readonly of: Readonly<Record<Value, string>>;
};

/** @param values Of the label; they need no escape. */
export function byLabel<Value extends string>(
  metric: Metric,
  label: string,
  values: readonly Value[],
): ByLabel<Value> {
  const starts = values.map((value) => [value, `${metric.name}{${label}="${value}"} `] as const);
  return { head: headText(metric), of: Object.fromEntries(starts) as Record<Value, string> };
}

/** One sample of a gauge by label. @param start As `byLabel` gives it. */
export function sampleLine(start: string, value: number): string {
  return `${start}${numberText(value)}\n`;
}

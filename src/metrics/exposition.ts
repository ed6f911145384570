import { escapeHelp } from "./label-text.ts";
import { numberText } from "./number-text.ts";

/** What stands above the samples of a family. */
export type FamilyHead = {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
};

/** `Content-Type` of everything this room writes. */
export const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The HELP and TYPE lines. */
export function headText({ name, type, help }: FamilyHead): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}

/** @param labels As `labelText` gives them; empty for none. */
export function sampleText(name: string, labels: string, value: number): string {
  return labels === ""
    ? `${name} ${numberText(value)}\n`
    : `${name}{${labels}} ${numberText(value)}\n`;
}

/** A whole small family at once; nothing when it has no samples. */
export function familyText(
  head: FamilyHead,
  samples: readonly (readonly [labels: string, value: number])[],
): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => sampleText(head.name, labels, value));
  return headText(head) + lines.join("");
}

/** `le="…"` of each bucket, +Inf included, rendered once for all targets that share the bounds. */
export function leTexts(bounds: readonly number[]): readonly string[] {
  return [...bounds, Number.POSITIVE_INFINITY].map((bound) => `le="${numberText(bound)}"`);
}

/** What a histogram has counted. Buckets are not cumulative; they begin at `offset`. */
export type HistogramCounts = {
  readonly buckets: Float64Array;
  readonly offset: number;
  readonly sum: number;
};

/**
 * The lines of one histogram: cumulative buckets, `_sum`, `_count`. The count is the sum of the
 * buckets, so the two can never disagree.
 *
 * @param labels As `labelText` gives them; empty for none.
 */
export function histogramText(
  name: string,
  labels: string,
  les: readonly string[],
  { buckets, offset, sum }: HistogramCounts,
): string {
  const start = labels === "" ? `${name}_bucket{` : `${name}_bucket{${labels},`;
  const set = labels === "" ? "" : `{${labels}}`;
  let count = 0;
  let lines = "";
  for (let at = 0; at < les.length; at += 1) {
    count += buckets[offset + at] ?? 0;
    lines = `${lines}${start}${les[at]}} ${numberText(count)}\n`;
  }
  return `${lines}${name}_sum${set} ${numberText(sum)}\n${name}_count${set} ${numberText(count)}\n`;
}

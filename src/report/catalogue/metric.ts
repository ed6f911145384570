import type { FamilyHead } from "../../metrics/exposition.ts";

/** One metric of the public contract. */
export type Metric = FamilyHead & {
  /** Label names of its own, beside those of the target; `le` of histograms is not named. */
  readonly labels: readonly string[];
  /** From the end of the name, as Prometheus wants it there. */
  readonly unit: "seconds" | "bytes" | "ratio" | undefined;
};

export const counter = metricOf("counter");
export const gauge = metricOf("gauge");
export const histogram = metricOf("histogram");

function metricOf(type: Metric["type"]) {
  return (name: string, help: string, labels: readonly string[] = []): Metric => {
    // `probe_failed_due_to_bytes` counts none: it names a cause.
    const [, unit] = /(?<!_due_to)_(seconds|bytes|ratio)(?:_total)?$/.exec(name) ?? [];
    return { name, type, help, labels, unit: unit as Metric["unit"] };
  };
}

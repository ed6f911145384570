import type { Metric } from "../catalogue/metric.ts";
import { TLS_METRICS } from "../catalogue/prober-metrics.ts";
import { type TargetDescription, targetLabelText } from "../target-rows.ts";
import type { SeriesPlan } from "./series-plans.ts";

/**
 * Label texts of targets on series that have a label of the same name.
 *
 * `version`, `cipher` and `section` are labels a target may have, and what some series are about; there the target's
 * own give way, because a label that is there twice makes Prometheus refuse the whole scrape.
 */
export class ShadowedLabels {
  /** By row; only of targets that have such a label. */
  readonly #texts = new Map<number, ReadonlyMap<Metric, string>>();

  add(row: number, description: TargetDescription, { gauges }: SeriesPlan): void {
    const texts = new Map<Metric, string>();
    for (const metric of [TLS_METRICS.tlsInfo, ...gauges.map((gauge) => gauge.metric)]) {
      const isShadowing = metric.labels.some((name) => Object.hasOwn(description.labels, name));
      if (isShadowing) texts.set(metric, targetLabelText(description, metric.labels));
    }
    if (texts.size > 0) this.#texts.set(row, texts);
  }

  remove(row: number): void {
    this.#texts.delete(row);
  }

  /** Label text of a target on a metric. @param labels That on all others. */
  textOn(metric: Metric, row: number, labels: string): string {
    return this.#texts.get(row)?.get(metric) ?? labels;
  }
}

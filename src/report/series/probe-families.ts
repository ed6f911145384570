import { leTexts } from "../../metrics/exposition.ts";
import { DURATION_BOUNDS_SECONDS, DURATION_BUCKET_COUNT } from "../../metrics/histogram.ts";
import { labelText } from "../../metrics/label-text.ts";
import { EMPTY_LIST } from "../../metrics/sparse-counters.ts";
import type { TextWriter } from "../../metrics/text.ts";
import { FAILURE_REASONS } from "../../probe/prober.ts";
import type { Metric } from "../catalogue/metric.ts";
import { PROBE_METRICS, TLS_METRICS } from "../catalogue/prober-metrics.ts";
import { gaugeWidth } from "./probe-columns.ts";
import type { ProbeSeries } from "./probe-series.ts";
import type { SeriesPlan } from "./series-plans.ts";

/** One family of probed targets. `row` is one of the series. */
export type ProbeFamily = {
  readonly metric: Metric;
  readonly write: (writer: TextWriter, labels: string, series: ProbeSeries, row: number) => void;
};

const LES = leTexts(DURATION_BOUNDS_SECONDS);
const REASON_LABELS = FAILURE_REASONS.map((reason) => labelText([["reason", reason]]));

/** What only targets of one prober have, in the order they are written. */
export function ownFamilies(plan: SeriesPlan): readonly ProbeFamily[] {
  return [byPhase(plan), ...lastGauges(plan)];
}

/** What all targets that the worker probes have, in the order they are written. */
export const COMMON_FAMILIES: readonly ProbeFamily[] = [
  last(TLS_METRICS.earliestNotAfter, "earliestNotAfterSeconds"),
  last(TLS_METRICS.verifiedNotAfter, "verifiedNotAfterSeconds"),
  {
    metric: TLS_METRICS.tlsInfo,
    write: (writer, labels, { arrays, shadowed, shared }, row) => {
      const kind = shared.tlsKinds.text(arrays.tlsKind[row] ?? Number.NaN);
      if (kind === undefined) return;
      writer.sample(`${shadowed.textOn(TLS_METRICS.tlsInfo, row, labels)},${kind}`, 1);
    },
  },
  {
    metric: PROBE_METRICS.duration,
    write: (writer, labels, { arrays: { probeBuckets, probeSum } }, row) => {
      writer.histogram(labels, LES, {
        buckets: probeBuckets,
        offset: row * DURATION_BUCKET_COUNT,
        sum: probeSum[row] ?? 0,
      });
    },
  },
  counted(PROBE_METRICS.probes, "probes"),
  counted(PROBE_METRICS.failures, "failures"),
  {
    metric: PROBE_METRICS.failuresByReason,
    write: (writer, labels, { arrays, shared }, row) => {
      shared.reasons.forEach(arrays.reasons[row] ?? EMPTY_LIST, (reason, count) => {
        writer.sample(`${labels},${REASON_LABELS[reason]}`, count);
      });
    },
  },
];

function byPhase({ duration, phases }: SeriesPlan): ProbeFamily {
  const phaseLabels = phases.map((phase) => labelText([["phase", phase]]));
  return {
    metric: duration,
    write: (writer, labels, { arrays: { phaseBuckets, phaseSums } }, row) => {
      for (const [phase, phaseLabel] of phaseLabels.entries()) {
        const at = row * phaseLabels.length + phase;
        writer.histogram(`${labels},${phaseLabel}`, LES, {
          buckets: phaseBuckets,
          offset: at * DURATION_BUCKET_COUNT,
          sum: phaseSums[at] ?? 0,
        });
      }
    },
  };
}

function lastGauges(plan: SeriesPlan): readonly ProbeFamily[] {
  const width = gaugeWidth(plan);
  let next = 0;
  return plan.gauges.map(({ metric, samples }) => {
    const first = next;
    next += samples.length;
    return {
      metric,
      write: (writer, labels, { arrays: { gauges }, shadowed }, row) => {
        for (const [index, sample] of samples.entries()) {
          const value = gauges[row * width + first + index] ?? Number.NaN;
          if (sample === "") writer.gauge(labels, value);
          else writer.gauge(`${shadowed.textOn(metric, row, labels)},${sample}`, value);
        }
      },
    };
  });
}

function last(
  metric: Metric,
  column: "earliestNotAfterSeconds" | "verifiedNotAfterSeconds",
): ProbeFamily {
  return {
    metric,
    write: (writer, labels, { arrays }, row) =>
      writer.gauge(labels, arrays[column][row] ?? Number.NaN),
  };
}

function counted(metric: Metric, column: "probes" | "failures"): ProbeFamily {
  return {
    metric,
    write: (writer, labels, { arrays }, row) => writer.sample(labels, arrays[column][row] ?? 0),
  };
}

import { Columns } from "../../metrics/columns.ts";
import { DURATION_BUCKET_COUNT } from "../../metrics/histogram.ts";
import { MAX_TARGETS } from "../target-rows.ts";
import type { SeriesPlan } from "./series-plans.ts";

type CountColumn =
  | "phaseBuckets"
  | "phaseSums"
  | "probeBuckets"
  | "probeSum"
  | "probes"
  | "failures"
  | "reasons";

/** Of the last probe; NaN while there is none. */
type LastColumn =
  | "up"
  | "lastFinishedSeconds"
  | "durationSeconds"
  | "phaseSeconds"
  | "earliestNotAfterSeconds"
  | "verifiedNotAfterSeconds"
  | "tlsKind"
  | "gauges";

/** The numbers of a prober's targets, by row. */
export type ProbeColumns = Columns<CountColumn | LastColumn>;

/** 960 bytes a target of http, 784 of tcp, 640 of unix; none for a prober without targets. */
export function probeColumns(plan: SeriesPlan): ProbeColumns {
  return new Columns({ ...countWidths(plan), ...lastWidths(plan) }, MAX_TARGETS);
}

/** Makes all of a new row's last probe unknown. */
export function forgetLast(columns: ProbeColumns, plan: SeriesPlan, row: number): void {
  const { arrays } = columns;
  for (const [name, width] of Object.entries(lastWidths(plan)) as [LastColumn, number][]) {
    arrays[name].fill(Number.NaN, row * width, (row + 1) * width);
  }
}

/** Samples of all gauges of the plan. */
export function gaugeWidth({ gauges }: SeriesPlan): number {
  return gauges.reduce((sum, { samples }) => sum + samples.length, 0);
}

function countWidths({ phases }: SeriesPlan): Readonly<Record<CountColumn, number>> {
  return {
    phaseBuckets: phases.length * DURATION_BUCKET_COUNT,
    phaseSums: phases.length,
    probeBuckets: DURATION_BUCKET_COUNT,
    probeSum: 1,
    probes: 1,
    failures: 1,
    reasons: 1,
  };
}

function lastWidths(plan: SeriesPlan): Readonly<Record<LastColumn, number>> {
  return {
    up: 1,
    lastFinishedSeconds: 1,
    durationSeconds: 1,
    /** NaN for a phase that was not reached, and for all of a probe that the agent disturbed. */
    phaseSeconds: plan.phases.length,
    earliestNotAfterSeconds: 1,
    verifiedNotAfterSeconds: 1,
    tlsKind: 1,
    gauges: gaugeWidth(plan),
  };
}

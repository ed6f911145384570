import { SparseCounters } from "../../metrics/sparse-counters.ts";
import { FAILURE_REASONS } from "../../probe/prober.ts";
import { MAX_TARGETS, type TargetDescription } from "../target-rows.ts";
import { ownFamilies, type ProbeFamily } from "./probe-families.ts";
import { ProbeSeries } from "./probe-series.ts";
import { SERIES_PLANS } from "./series-plans.ts";
import { TlsKinds } from "./tls-kinds.ts";

/** The series of one prober's targets, and the families that only they have. */
export type SeriesOfProber = {
  readonly series: ProbeSeries;
  readonly families: readonly ProbeFamily[];
};

/**
 * A store of series for each prober of the worker, named by its place in `SERIES_PLANS`: the targets of each have
 * columns for the phases and gauges of their own prober, and one without targets has none.
 */
export class ProberSeries {
  readonly all: readonly SeriesOfProber[];

  constructor() {
    const shared = {
      reasons: new SparseCounters(MAX_TARGETS * FAILURE_REASONS.length),
      tlsKinds: new TlsKinds(),
    };
    this.all = SERIES_PLANS.map((plan) => ({
      series: new ProbeSeries(plan, shared),
      families: ownFamilies(plan),
    }));
  }

  /** The series of a prober by its number; undefined for that of a target whose results are the engine's. */
  at(number: number): ProbeSeries | undefined {
    return this.all[number]?.series;
  }
}

/** Number of a prober's series; −1 for icmp, whose results are the engine's. */
export function seriesNumber(prober: TargetDescription["prober"]): number {
  return SERIES_PLANS.findIndex((plan) => plan.prober === prober);
}

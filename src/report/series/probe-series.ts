import { known } from "../../metrics/columns.ts";
import {
  bucketIndex,
  DURATION_BOUNDS_SECONDS,
  DURATION_BUCKET_COUNT,
} from "../../metrics/histogram.ts";
import { EMPTY_LIST, type SparseCounters } from "../../metrics/sparse-counters.ts";
import {
  FAILURE_REASONS,
  type FailureReason,
  type ProbeFacts,
  type ProbeOutcome,
  type ProberWithPhases,
} from "../../probe/prober.ts";
import type { Metric } from "../catalogue/metric.ts";
import type { TargetDescription } from "../target-rows.ts";
import { forgetLast, gaugeWidth, type ProbeColumns, probeColumns } from "./probe-columns.ts";
import type { SeriesPlan } from "./series-plans.ts";
import { ShadowedLabels } from "./shadowed-labels.ts";
import type { TlsKinds } from "./tls-kinds.ts";

/** Facts of a probe in the worker. */
export type WorkerFacts = Extract<ProbeFacts, { readonly protocol: ProberWithPhases }>;

/** What the stores of all probers share. */
export type SharedSeries = { readonly reasons: SparseCounters; readonly tlsKinds: TlsKinds };

/** The times of a target's last probe. What is not known is undefined. */
export type LastTimes = {
  readonly durationSeconds: number | undefined;
  /** Only those that were reached. */
  readonly phases: Readonly<Record<string, number>>;
};

const REASON_NUMBERS: ReadonlyMap<FailureReason, number> = new Map(
  FAILURE_REASONS.map((reason, number) => [reason, number]),
);

/** What the probes of one prober's targets have shown so far, by row. */
export class ProbeSeries {
  readonly plan: SeriesPlan;
  readonly shared: SharedSeries;
  readonly shadowed = new ShadowedLabels();
  readonly #columns: ProbeColumns;
  readonly #gaugeWidth: number;
  #size = 0;

  constructor(plan: SeriesPlan, shared: SharedSeries) {
    this.plan = plan;
    this.shared = shared;
    this.#columns = probeColumns(plan);
    this.#gaugeWidth = gaugeWidth(plan);
  }

  /** Targets in these series. */
  get size(): number {
    return this.#size;
  }

  /** The numbers, for whoever writes them. Ask anew after each `add`. */
  get arrays(): ProbeColumns["arrays"] {
    return this.#columns.arrays;
  }

  /** @returns the row of a new target: counters 0, nothing known of a last probe. @throws ColumnsFullError */
  add(description: TargetDescription): number {
    const row = this.#columns.add();
    this.#size += 1;
    this.shadowed.add(row, description, this.plan);
    forgetLast(this.#columns, this.plan, row);
    return row;
  }

  remove(row: number): void {
    this.shared.reasons.clear(this.arrays.reasons[row] ?? EMPTY_LIST);
    this.shadowed.remove(row);
    this.#columns.remove(row);
    this.#size -= 1;
  }

  /** 1, 0, or NaN before the first probe. */
  up(row: number): number {
    return this.arrays.up[row] ?? Number.NaN;
  }

  /** Unix time, NaN before the first. */
  lastFinishedSeconds(row: number): number {
    return this.arrays.lastFinishedSeconds[row] ?? Number.NaN;
  }

  /** What the last probe took; all of it unknown before the first. */
  lastTimes(row: number): LastTimes {
    const { durationSeconds, phaseSeconds } = this.arrays;
    const { phases: names } = this.plan;
    const phases: Record<string, number> = {};
    for (const [index, name] of names.entries()) {
      const seconds = known(phaseSeconds[row * names.length + index]);
      if (seconds !== undefined) phases[name] = seconds;
    }
    return { durationSeconds: known(durationSeconds[row]), phases };
  }

  /** The first sample of a gauge of the plan; undefined where it is not known. */
  lastValue(row: number, metric: Metric): number | undefined {
    let at = row * this.#gaugeWidth;
    for (const gauge of this.plan.gauges) {
      if (gauge.metric === metric) return known(this.arrays.gauges[at]);
      at += gauge.samples.length;
    }
    return undefined;
  }

  /**
   * Takes in how a probe ended.
   *
   * @param isCounted False for an extra probe of the fast pace: it shows how things are, and counts nowhere.
   * @throws for facts of another prober, before anything is counted.
   */
  record(row: number, outcome: ProbeOutcome, facts: WorkerFacts, isCounted: boolean): void {
    const values = this.plan.valuesOf(facts);
    if (isCounted) this.#count(row, outcome, facts);
    const { arrays } = this;
    const { tls } = facts;
    arrays.up[row] = outcome.kind === "succeeded" ? 1 : 0;
    arrays.lastFinishedSeconds[row] = outcome.finishedAtSeconds;
    arrays.earliestNotAfterSeconds[row] = tls?.earliestNotAfterSeconds ?? Number.NaN;
    arrays.verifiedNotAfterSeconds[row] = tls?.verifiedNotAfterSeconds ?? Number.NaN;
    arrays.tlsKind[row] = this.shared.tlsKinds.numberOf(tls);
    arrays.gauges.set(values, row * this.#gaugeWidth);
    this.#keepTimes(row, outcome, facts.phases);
  }

  #count(row: number, outcome: ProbeOutcome, { phases }: WorkerFacts): void {
    const { arrays } = this;
    increment(arrays.probes, row);
    if (outcome.kind === "failed") {
      increment(arrays.failures, row);
      const reason = REASON_NUMBERS.get(outcome.reason) ?? 0;
      const list = arrays.reasons[row] ?? EMPTY_LIST;
      arrays.reasons[row] = this.shared.reasons.increment(list, reason);
    }
    if (!outcome.isDisturbed) this.#observe(row, outcome.durationSeconds, phases);
  }

  #observe(row: number, durationSeconds: number, phases: Readonly<Record<string, number>>): void {
    const { probeBuckets, probeSum, phaseBuckets, phaseSums } = this.arrays;
    const { phases: names } = this.plan;
    observe(probeBuckets, probeSum, row, durationSeconds);
    for (const [index, name] of names.entries()) {
      // A phase of no time was not reached (no name to resolve, no TLS, an earlier failure); a 0
      // among the durations would claim that it was, and fast.
      const seconds = phases[name] ?? 0;
      if (seconds > 0) observe(phaseBuckets, phaseSums, row * names.length + index, seconds);
    }
  }

  #keepTimes(row: number, outcome: ProbeOutcome, phases: Readonly<Record<string, number>>): void {
    const { durationSeconds, phaseSeconds } = this.arrays;
    const { phases: names } = this.plan;
    durationSeconds[row] = outcome.isDisturbed ? Number.NaN : outcome.durationSeconds;
    for (const [index, name] of names.entries()) {
      const seconds = phases[name] ?? 0;
      const isReached = !outcome.isDisturbed && seconds > 0;
      phaseSeconds[row * names.length + index] = isReached ? seconds : Number.NaN;
    }
  }
}

function increment(column: Float64Array, row: number): void {
  column[row] = (column[row] ?? 0) + 1;
}

function observe(buckets: Float64Array, sums: Float64Array, row: number, seconds: number): void {
  increment(buckets, row * DURATION_BUCKET_COUNT + bucketIndex(DURATION_BOUNDS_SECONDS, seconds));
  sums[row] = (sums[row] ?? 0) + seconds;
}

import { Columns, known } from "../metrics/columns.ts";
import { leTexts } from "../metrics/exposition.ts";
import {
  bucketIndex,
  DURATION_BOUNDS_SECONDS,
  DURATION_BUCKET_COUNT,
} from "../metrics/histogram.ts";
import { labelText } from "../metrics/label-text.ts";
import { EMPTY_LIST, SparseCounters } from "../metrics/sparse-counters.ts";
import type { TextWriter } from "../metrics/text.ts";
import {
  FAILURE_REASONS,
  type HttpFacts,
  PHASES,
  type PhaseOf,
  type ProbeOutcome,
} from "../probe/prober.ts";
import { HTTP_METRICS, type Metric, PROBE_METRICS } from "./catalogue.ts";
import { MAX_TARGETS, type TargetDescription, targetLabelText } from "./target-rows.ts";

/** One family of the http targets. `row` is one of `HttpSeries`. */
export type HttpFamily = {
  readonly metric: Metric;
  readonly write: (writer: TextWriter, labels: string, row: number) => void;
};

/** What the last probe of an http target showed. What is not known is undefined. */
export type HttpResult = {
  /** 0 when no answer came. */
  readonly statusCode: number | undefined;
  readonly durationSeconds: number | undefined;
  /** Only those that were reached. */
  readonly phases: Readonly<Partial<Record<HttpPhase, number>>>;
};

const HTTP_PHASES = PHASES.http;
type HttpPhase = PhaseOf<"http">;

/** Versions times ciphers of the TLS library are some dozens; what lies beyond has no info series. */
const MAX_TLS_KINDS = 1024;

const LES = leTexts(DURATION_BOUNDS_SECONDS);
const PHASE_LABELS = HTTP_PHASES.map((phase) => labelText([["phase", phase]]));
const REASON_LABELS = FAILURE_REASONS.map((reason) => labelText([["reason", reason]]));

const PROBE_COLUMNS = {
  phaseBuckets: HTTP_PHASES.length * DURATION_BUCKET_COUNT,
  phaseSums: HTTP_PHASES.length,
  probeBuckets: DURATION_BUCKET_COUNT,
  probeSum: 1,
  probes: 1,
  failures: 1,
  reasons: 1,
} as const;

/** Of the last probe; NaN while there is none. */
const LAST_COLUMNS = {
  up: 1,
  lastFinishedSeconds: 1,
  statusCode: 1,
  version: 1,
  contentLengthBytes: 1,
  redirects: 1,
  earliestNotAfterSeconds: 1,
  verifiedNotAfterSeconds: 1,
  tlsKind: 1,
  durationSeconds: 1,
  /** NaN for a phase that was not reached, and for all of a probe that the agent disturbed. */
  phaseSeconds: HTTP_PHASES.length,
} as const;
const LAST_NAMES = Object.keys(LAST_COLUMNS) as (keyof typeof LAST_COLUMNS)[];

/** What the probes of http targets have shown so far, by row; 960 bytes a target. */
export class HttpSeries {
  readonly #columns = new Columns({ ...PROBE_COLUMNS, ...LAST_COLUMNS }, MAX_TARGETS);
  readonly #reasons = new SparseCounters(MAX_TARGETS * FAILURE_REASONS.length);
  /** Only of targets whose own labels would be there twice on the info series. */
  readonly #tlsInfoLabels = new Map<number, string>();
  readonly #tlsKinds: string[] = [];
  readonly #tlsKindNumbers = new Map<string, number>();

  /** In the order they are written. */
  readonly families: readonly HttpFamily[] = [
    {
      metric: HTTP_METRICS.duration,
      write: (writer, labels, row) => {
        const { phaseBuckets, phaseSums } = this.#columns.arrays;
        for (const [phase, phaseLabel] of PHASE_LABELS.entries()) {
          const at = row * HTTP_PHASES.length + phase;
          writer.histogram(`${labels},${phaseLabel}`, LES, {
            buckets: phaseBuckets,
            offset: at * DURATION_BUCKET_COUNT,
            sum: phaseSums[at] ?? 0,
          });
        }
      },
    },
    this.#last(HTTP_METRICS.statusCode, "statusCode"),
    this.#last(HTTP_METRICS.version, "version"),
    this.#last(HTTP_METRICS.contentLength, "contentLengthBytes"),
    this.#last(HTTP_METRICS.redirects, "redirects"),
    this.#last(HTTP_METRICS.earliestNotAfter, "earliestNotAfterSeconds"),
    this.#last(HTTP_METRICS.verifiedNotAfter, "verifiedNotAfterSeconds"),
    {
      metric: HTTP_METRICS.tlsInfo,
      write: (writer, labels, row) => {
        const kind = this.#tlsKinds[this.#columns.arrays.tlsKind[row] ?? Number.NaN];
        if (kind === undefined) return;
        writer.sample(`${this.#tlsInfoLabels.get(row) ?? labels},${kind}`, 1);
      },
    },
    {
      metric: PROBE_METRICS.duration,
      write: (writer, labels, row) => {
        const { probeBuckets, probeSum } = this.#columns.arrays;
        writer.histogram(labels, LES, {
          buckets: probeBuckets,
          offset: row * DURATION_BUCKET_COUNT,
          sum: probeSum[row] ?? 0,
        });
      },
    },
    this.#counted(PROBE_METRICS.probes, "probes"),
    this.#counted(PROBE_METRICS.failures, "failures"),
    {
      metric: PROBE_METRICS.failuresByReason,
      write: (writer, labels, row) => {
        this.#reasons.forEach(this.#columns.arrays.reasons[row] ?? EMPTY_LIST, (reason, count) => {
          writer.sample(`${labels},${REASON_LABELS[reason]}`, count);
        });
      },
    },
  ];

  /**
   * @param tlsInfoLabels Label text for `sounder_tls_info` where it differs from that of all others.
   * @returns the row of a new target: counters 0, nothing known of a last probe.
   */
  add(tlsInfoLabels: string | undefined): number {
    const row = this.#columns.add();
    if (tlsInfoLabels !== undefined) this.#tlsInfoLabels.set(row, tlsInfoLabels);
    const { arrays } = this.#columns;
    for (const name of LAST_NAMES) {
      const width = LAST_COLUMNS[name];
      arrays[name].fill(Number.NaN, row * width, (row + 1) * width);
    }
    return row;
  }

  remove(row: number): void {
    this.#reasons.clear(this.#columns.arrays.reasons[row] ?? EMPTY_LIST);
    this.#tlsInfoLabels.delete(row);
    this.#columns.remove(row);
  }

  /** 1, 0, or NaN before the first probe. */
  up(row: number): number {
    return this.#columns.arrays.up[row] ?? Number.NaN;
  }

  /** Unix time, NaN before the first. */
  lastFinishedSeconds(row: number): number {
    return this.#columns.arrays.lastFinishedSeconds[row] ?? Number.NaN;
  }

  /** What the last probe showed; all of it unknown before the first. */
  lastResult(row: number): HttpResult {
    const { statusCode, durationSeconds, phaseSeconds } = this.#columns.arrays;
    const phases: Partial<Record<HttpPhase, number>> = {};
    let at = row * HTTP_PHASES.length;
    for (const phase of HTTP_PHASES) {
      const seconds = known(phaseSeconds[at]);
      if (seconds !== undefined) phases[phase] = seconds;
      at += 1;
    }
    return {
      statusCode: known(statusCode[row]),
      durationSeconds: known(durationSeconds[row]),
      phases,
    };
  }

  /** @param isCounted False for an extra probe of the fast pace: it shows how things are, and counts nowhere. */
  record(row: number, outcome: ProbeOutcome, facts: HttpFacts, isCounted: boolean): void {
    if (isCounted) this.#count(row, outcome, facts);
    const { arrays } = this.#columns;
    arrays.up[row] = outcome.kind === "succeeded" ? 1 : 0;
    arrays.lastFinishedSeconds[row] = outcome.finishedAtSeconds;
    this.#keepLast(row, facts);
    this.#keepTimes(row, outcome, facts);
  }

  #count(row: number, outcome: ProbeOutcome, facts: HttpFacts): void {
    const { arrays } = this.#columns;
    increment(arrays.probes, row);
    if (outcome.kind === "failed") {
      increment(arrays.failures, row);
      const reason = FAILURE_REASONS.indexOf(outcome.reason);
      arrays.reasons[row] = this.#reasons.increment(arrays.reasons[row] ?? EMPTY_LIST, reason);
    }
    if (!outcome.isDisturbed) this.#observe(row, outcome.durationSeconds, facts);
  }

  #observe(row: number, durationSeconds: number, { phases }: HttpFacts): void {
    const { probeBuckets, probeSum, phaseBuckets, phaseSums } = this.#columns.arrays;
    observe(probeBuckets, probeSum, row, durationSeconds);
    for (const [index, phase] of HTTP_PHASES.entries()) {
      // A phase of no time was not reached (no name to resolve, no TLS, an earlier failure); a 0
      // among the durations would claim that it was, and fast.
      const seconds = phases[phase];
      if (seconds > 0) observe(phaseBuckets, phaseSums, row * HTTP_PHASES.length + index, seconds);
    }
  }

  #keepLast(row: number, facts: HttpFacts): void {
    const { arrays } = this.#columns;
    const { tls, contentLengthBytes = -1 } = facts;
    const isAnswered = facts.statusCode !== 0;
    arrays.statusCode[row] = facts.statusCode;
    arrays.version[row] = isAnswered ? (facts.httpVersion ?? Number.NaN) : Number.NaN;
    arrays.contentLengthBytes[row] =
      isAnswered && contentLengthBytes >= 0 ? contentLengthBytes : Number.NaN;
    arrays.redirects[row] = isAnswered ? facts.redirects : Number.NaN;
    arrays.earliestNotAfterSeconds[row] = tls?.earliestNotAfterSeconds ?? Number.NaN;
    arrays.verifiedNotAfterSeconds[row] = tls?.verifiedNotAfterSeconds ?? Number.NaN;
    arrays.tlsKind[row] =
      tls === undefined ? Number.NaN : this.#tlsKindNumber(tls.version, tls.cipher);
  }

  #keepTimes(row: number, outcome: ProbeOutcome, { phases }: HttpFacts): void {
    const { durationSeconds, phaseSeconds } = this.#columns.arrays;
    durationSeconds[row] = outcome.isDisturbed ? Number.NaN : outcome.durationSeconds;
    for (const [index, phase] of HTTP_PHASES.entries()) {
      const isReached = !outcome.isDisturbed && phases[phase] > 0;
      phaseSeconds[row * HTTP_PHASES.length + index] = isReached ? phases[phase] : Number.NaN;
    }
  }

  #tlsKindNumber(version: string, cipher: string): number {
    const kind = labelText([
      ["version", version],
      ["cipher", cipher],
    ]);
    const known = this.#tlsKindNumbers.get(kind);
    if (known !== undefined) return known;
    if (this.#tlsKinds.length >= MAX_TLS_KINDS) return Number.NaN;
    const number = this.#tlsKinds.push(kind) - 1;
    this.#tlsKindNumbers.set(kind, number);
    return number;
  }

  #last(metric: Metric, column: Exclude<keyof typeof LAST_COLUMNS, "phaseSeconds">): HttpFamily {
    return {
      metric,
      write: (writer, labels, row) => {
        writer.gauge(labels, this.#columns.arrays[column][row] ?? Number.NaN);
      },
    };
  }

  #counted(metric: Metric, column: "probes" | "failures"): HttpFamily {
    return {
      metric,
      write: (writer, labels, row) => {
        writer.sample(labels, this.#columns.arrays[column][row] ?? 0);
      },
    };
  }
}

/**
 * `version` and `cipher` are labels a target may have, and what `sounder_tls_info` is about; there the
 * target's own give way, because a label that is there twice makes Prometheus refuse the whole scrape.
 */
export function tlsInfoLabels(description: TargetDescription): string | undefined {
  const names = HTTP_METRICS.tlsInfo.labels;
  const hasNone = names.every((name) => !Object.hasOwn(description.labels, name));
  return hasNone ? undefined : targetLabelText(description, names);
}

function increment(column: Float64Array, row: number): void {
  column[row] = (column[row] ?? 0) + 1;
}

function observe(buckets: Float64Array, sums: Float64Array, row: number, seconds: number): void {
  increment(buckets, row * DURATION_BUCKET_COUNT + bucketIndex(DURATION_BOUNDS_SECONDS, seconds));
  sums[row] = (sums[row] ?? 0) + seconds;
}

import { setImmediate } from "node:timers/promises";
import { labelText } from "../metrics/label-text.ts";
import { Steps } from "../metrics/steps.ts";
import { type TextSink, TextWriter } from "../metrics/text.ts";
import type { FailureReason, ProbeOutcome } from "../probe/prober.ts";
import type { Address } from "../runtime/address.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Metric, TARGET_METRICS } from "./catalogue.ts";
import { HttpSeries, tlsInfoLabels } from "./http-series.ts";
import { ICMP_FAMILIES, NO_TALLIES, TALLY_COLUMNS, type Tallies } from "./icmp-series.ts";
import { type TakeSnapshot, TallyCopies } from "./tally-copies.ts";
import {
  entryOf,
  isFailing,
  LIST_COLUMNS,
  lastFinishedSecondsOf,
  stateOf,
  type TargetEntry,
  upOf,
} from "./target-list.ts";
import { NONE, type TargetDescription, type TargetProblem, TargetRows } from "./target-rows.ts";

/** Scrapes and lists written at one time. Each holds a copy of the tallies, and slow readers hold it long. */
const MAX_WRITES = 16;

/** Too many readers at once; the next scrape may try again. */
export class TooManyScrapesError extends Error {
  override readonly name = "TooManyScrapesError";
}

/** What one scrape gave. */
export type WrittenFigures = {
  readonly samples: number;
  /** Series of each group that has targets. */
  readonly seriesByGroup: ReadonlyMap<string, number>;
};

/**
 * Everything continuous: targets, what their probes showed, and its exposition.
 *
 * Targets are named by the handle `addTarget` gives. A handle outlives its target: what comes in for a
 * removed one is dropped, so outcomes still under way need no care.
 */
export class ContinuousReport {
  readonly #rows = new TargetRows();
  readonly #http = new HttpSeries();
  readonly #copies = new TallyCopies(this.#rows);
  readonly #clock: Clock;
  readonly #nextTurn: () => Promise<unknown>;
  #writes = 0;
  /** Rows removed while a scrape may still write them; their places are not given away until it ends. */
  #retired: number[] = [];

  constructor(options: {
    readonly clock: Clock;
    /** Resolves in a later turn of the event loop. */
    readonly nextTurn?: () => Promise<unknown>;
  }) {
    this.#clock = options.clock;
    this.#nextTurn = options.nextTurn ?? setImmediate;
  }

  /**
   * @param echoStream Number of the engine's stream; undefined for http, and for icmp where there is
   *   no engine: its counters then stay 0.
   * @returns the target's handle. @throws ColumnsFullError
   */
  addTarget(description: TargetDescription, echoStream: number | undefined): number {
    const httpRow =
      description.prober === "http" ? this.#http.add(tlsInfoLabels(description)) : NONE;
    return this.#rows.add(description, echoStream ?? NONE, httpRow);
  }

  /** Its series are gone from the next scrape on. */
  removeTarget(target: number): void {
    const row = this.#rows.rowOf(target);
    if (row === undefined) return;
    this.#rows.retire(row);
    this.#retired.push(row);
    this.#releaseRetired();
  }

  /** The address in use, or undefined for none. The first is no change. */
  setAddress(target: number, address: Address | undefined): void {
    const row = this.#rows.rowOf(target);
    if (row !== undefined) this.#rows.setAddress(row, address);
  }

  countResolveFailure(target: number): void {
    const row = this.#rows.rowOf(target);
    if (row !== undefined) this.#rows.countResolveFailure(row);
  }

  /** While true the target is down, whatever its last probe showed. @param problem Why, if it is. */
  setUnresolved(target: number, isUnresolved: boolean, problem?: TargetProblem): void {
    const row = this.#rows.rowOf(target);
    if (row === undefined) return;
    this.#rows.setUnresolved(row, isUnresolved);
    this.#rows.setProblem(row, isUnresolved ? problem : undefined);
  }

  /** Takes in how a probe of an http target ended. What the agent itself broke off counts nowhere. */
  record(target: number, outcome: ProbeOutcome): void {
    const row = this.#rows.rowOf(target);
    if (row === undefined) return;
    const { facts } = outcome;
    const httpRow = this.#rows.columns.httpRow[row] ?? NONE;
    if (facts.protocol !== "http" || httpRow === NONE) {
      throw new Error("Cannot record the outcome: icmp results come from the engine's tallies");
    }
    if (outcome.kind === "failed" && isAgentsOwn(outcome.reason)) return;
    const isUnresolved = outcome.kind === "failed" && isNameWithoutAddress(outcome);
    if (isUnresolved) this.#rows.countResolveFailure(row);
    this.#rows.setUnresolved(row, isUnresolved);
    this.#rows.setProblem(row, outcome.kind === "failed" ? outcome : undefined);
    this.#rows.setAddress(row, outcome.address);
    this.#http.record(httpRow, outcome, facts);
  }

  /**
   * Writes all continuous families.
   *
   * Any number of scrapes up to a limit may run at once, each with its own copy of the tallies.
   * Tallies are of one moment; http counters are read as they are written, one histogram at a time.
   *
   * @param snapshot Where it gives undefined, targets with a stream have no icmp series, because a
   *   counter that fell to 0 would read as a reset.
   * @throws TooManyScrapesError, the signal's reason, what `snapshot` or the sink throws.
   */
  async write(
    sink: TextSink,
    { snapshot }: { readonly snapshot: TakeSnapshot },
    signal: AbortSignal,
  ): Promise<WrittenFigures> {
    const end = this.#begin();
    try {
      const { rows, tallies } = await this.#copies.take(snapshot, TALLY_COLUMNS, signal);
      // The copy takes a millisecond or two; the writing begins with a step of its own.
      await this.#nextTurn();
      const monotonicSeconds = this.#clock.monotonicSeconds;
      const writer = new TextWriter({ sink, signal, monotonicSeconds, nextTurn: this.#nextTurn });
      return await this.#writeFamilies(writer, rows, tallies);
    } finally {
      end();
    }
  }

  /**
   * Every target with its last results, in the order in which they were added as far as rows are not
   * used again. The event loop turns between two of them where the work has been long, the work of
   * whoever takes them included.
   *
   * @param isFailingOnly Leaves out what is up or unknown.
   * @throws as `write` does.
   */
  async *list(
    {
      snapshot,
      isFailingOnly,
    }: { readonly snapshot: TakeSnapshot; readonly isFailingOnly: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<TargetEntry, void, void> {
    const end = this.#begin();
    try {
      const { rows, tallies } = await this.#copies.take(snapshot, LIST_COLUMNS, signal);
      await this.#nextTurn();
      const monotonicSeconds = this.#clock.monotonicSeconds;
      const steps = new Steps({ signal, monotonicSeconds, nextTurn: this.#nextTurn });
      const results = { rows: this.#rows, http: this.#http, tallies };
      for (const row of rows) {
        const state = stateOf(row, results);
        if (!isFailingOnly || isFailing(state)) {
          const entry = entryOf(row, state, results);
          if (entry !== undefined) yield entry;
        }
        if (steps.isDue()) await steps.turn();
      }
    } finally {
      end();
    }
  }

  /** @returns what must be called when the answer has ended. */
  #begin(): () => void {
    if (this.#writes >= MAX_WRITES) {
      throw new TooManyScrapesError(`Cannot write metrics: ${MAX_WRITES} scrapes are under way`);
    }
    this.#writes += 1;
    return () => {
      this.#writes -= 1;
      this.#releaseRetired();
    };
  }

  async #writeFamilies(
    writer: TextWriter,
    rows: Uint32Array,
    tallies: Tallies | undefined,
  ): Promise<WrittenFigures> {
    const series = new Float64Array(this.#rows.groups.length);
    const family = async (
      metric: Metric,
      of: Uint32Array,
      writeRow: (row: number, labels: string) => void,
    ): Promise<void> => {
      writer.begin(metric);
      for (const row of of) {
        const before = writer.samples;
        writeRow(row, this.#rows.labels(row));
        const group = this.#rows.columns.group[row] ?? 0;
        series[group] = (series[group] ?? 0) + writer.samples - before;
        if (writer.isDue()) await writer.turn();
      }
    };
    const results = { rows: this.#rows, http: this.#http, tallies };
    await family(TARGET_METRICS.up, rows, (row, labels) =>
      writer.gauge(labels, upOf(row, results)),
    );
    await family(TARGET_METRICS.lastFinished, rows, (row, labels) =>
      writer.gauge(labels, lastFinishedSecondsOf(row, results)),
    );
    await family(TARGET_METRICS.info, rows, (row, labels) => this.#writeInfo(writer, row, labels));
    await family(TARGET_METRICS.addressChanges, rows, (row, labels) =>
      writer.sample(labels, this.#rows.columns.addressChanges[row] ?? 0),
    );
    await family(TARGET_METRICS.resolveFailures, rows, (row, labels) =>
      writer.sample(labels, this.#rows.columns.resolveFailures[row] ?? 0),
    );

    const { httpRow, stream } = this.#rows.columns;
    const icmpRows = rows.filter((row) => {
      const isKnown = tallies !== undefined || stream[row] === NONE;
      return httpRow[row] === NONE && isKnown;
    });
    const icmpTallies = tallies ?? NO_TALLIES;
    for (const { metric, write } of ICMP_FAMILIES) {
      await family(metric, icmpRows, (row, labels) => {
        const { columns } = this.#rows;
        write(
          writer,
          labels,
          icmpTallies,
          columns.stream[row] ?? NONE,
          columns.isUnresolved[row] === 1,
        );
      });
    }
    const httpRows = rows.filter((row) => httpRow[row] !== NONE);
    for (const { metric, write } of this.#http.families) {
      await family(metric, httpRows, (row, labels) =>
        write(writer, labels, this.#rows.columns.httpRow[row] ?? NONE),
      );
    }
    await writer.end();
    const named = [...series].map(
      (count, group) => [this.#rows.groups[group] ?? "", count] as const,
    );
    return {
      samples: writer.samples,
      seriesByGroup: new Map(named.filter(([, count]) => count > 0)),
    };
  }

  #writeInfo(writer: TextWriter, row: number, labels: string): void {
    const address = this.#rows.address(row);
    if (address === undefined) return;
    const hasAddressLabel = this.#rows.columns.hasAddressLabel[row] === 1;
    const family = labelText([["family", address.family]]);
    const text = hasAddressLabel ? "" : `,${labelText([["address", address.text]])}`;
    writer.sample(`${labels}${text},${family}`, 1);
  }

  #releaseRetired(): void {
    if (this.#writes > 0) return;
    for (const row of this.#retired) {
      const httpRow = this.#rows.columns.httpRow[row] ?? NONE;
      if (httpRow !== NONE) this.#http.remove(httpRow);
      this.#rows.release(row);
    }
    this.#retired = [];
  }
}

/** The probe was not made, or not to its end, for a reason that is not the target's. */
function isAgentsOwn(reason: FailureReason): boolean {
  return reason === "agent_overloaded" || reason === "cancelled";
}

/** A name in a redirect is not the target's name: by then there is an address. */
function isNameWithoutAddress(outcome: ProbeOutcome & { readonly kind: "failed" }): boolean {
  return outcome.reason.startsWith("dns_") && outcome.address === undefined;
}

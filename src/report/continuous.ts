import { setImmediate } from "node:timers/promises";
import type { EchoFailure } from "../icmp/engine-contract.ts";
import { Steps } from "../metrics/steps.ts";
import { type TextSink, TextWriter } from "../metrics/text.ts";
import { isAgentsOwn, type ProbeOutcome } from "../probe/prober.ts";
import type { Address } from "../runtime/address.ts";
import type { Clock } from "../runtime/clock.ts";
import { TALLY_COLUMNS } from "./icmp-series.ts";
import { isNameWithoutAddress } from "./page/outcome-texts.ts";
import { ProberSeries, seriesNumber } from "./series/prober-series.ts";
import { type TakeSnapshot, TallyCopies, type Turns } from "./tally-copies.ts";
import { entryOf, LIST_COLUMNS, type TargetEntry } from "./target-list.ts";
import { NONE, type TargetDescription, type TargetProblem, TargetRows } from "./target-rows.ts";
import { isFailing, stateOf } from "./target-state.ts";
import { type WrittenFigures, writeFamilies } from "./write-families.ts";

/** Scrapes and lists written at one time. Each holds a copy of the tallies, and slow readers hold it long. */
const MAX_WRITES = 16;

/** Too many readers at once; the next scrape may try again. */
export class TooManyScrapesError extends Error {
  override readonly name = "TooManyScrapesError";
}

/** Whether a probe was an extra one, and how its target is probed from now on. */
export type ProbePace = { readonly isFast: boolean; readonly isAtFastPace: boolean };

/** A group that asked for no fast pace. */
const NORMAL_PACE: ProbePace = { isFast: false, isAtFastPace: false };

/** Asks the engine why streams fail; an empty map when it has none. */
export type AskFailures = () => Promise<ReadonlyMap<number, EchoFailure>>;

/**
 * Everything continuous: targets, what their probes showed, and its exposition.
 *
 * Targets are named by the handle `addTarget` gives. A handle outlives its target: what comes in for a
 * removed one is dropped, so outcomes still under way need no care.
 */
export class ContinuousReport {
  readonly #rows = new TargetRows();
  readonly #probes = new ProberSeries();
  readonly #copies: TallyCopies;
  readonly #turns: Turns;
  #writes = 0;
  /** Rows removed while a scrape may still write them; their places are not given away until it ends. */
  #retired: number[] = [];

  constructor(options: {
    readonly clock: Clock;
    /** Resolves in a later turn of the event loop. */
    readonly nextTurn?: () => Promise<unknown>;
  }) {
    const { monotonicSeconds } = options.clock;
    this.#turns = { monotonicSeconds, nextTurn: options.nextTurn ?? setImmediate };
    this.#copies = new TallyCopies(this.#rows, this.#turns);
  }

  /**
   * @param echoStream Number of the engine's stream; undefined for all that the worker probes, and for icmp where
   *   there is no engine: its counters then stay 0.
   * @returns the target's handle. @throws ColumnsFullError
   */
  addTarget(description: TargetDescription, echoStream: number | undefined): number {
    const number = seriesNumber(description.prober);
    const row = this.#probes.at(number)?.add(description) ?? NONE;
    return this.#rows.add(description, echoStream ?? NONE, { number, row });
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

  /**
   * While there is a sentence nothing can be sent to the target as it was asked for (a source address that is not on
   * this machine, say), and it is down, whatever its last probe showed. Undefined for nothing in the way.
   */
  setRefused(target: number, sentence: string | undefined): void {
    const row = this.#rows.rowOf(target);
    if (row !== undefined) this.#rows.setRefusal(row, sentence);
  }

  /**
   * Takes in how a probe of a target ended, of any prober but icmp. What the agent itself broke off counts nowhere, and
   * neither does an extra probe of the fast pace, though it shows how the target is.
   */
  record(target: number, outcome: ProbeOutcome, pace: ProbePace = NORMAL_PACE): void {
    const row = this.#rows.rowOf(target);
    if (row === undefined) return;
    const { facts } = outcome;
    const { series: numbers, seriesRow } = this.#rows.columns;
    const series = this.#probes.at(numbers[row] ?? NONE);
    if (facts.protocol === "icmp" || series === undefined) {
      throw new Error("Cannot record the outcome: icmp results come from the engine's tallies");
    }
    this.#rows.setFastPace(row, pace.isAtFastPace);
    if (outcome.kind === "failed" && isAgentsOwn(outcome.reason)) return;
    const isCounted = !pace.isFast;
    const isUnresolved = isNameWithoutAddress(outcome);
    if (isUnresolved && isCounted) this.#rows.countResolveFailure(row);
    this.#rows.setUnresolved(row, isUnresolved);
    this.#rows.setProblem(row, outcome.kind === "failed" ? outcome : undefined);
    this.#rows.setAddress(row, outcome.address, isCounted);
    series.record(seriesRow[row] ?? NONE, outcome, facts, isCounted);
  }

  /**
   * Writes all continuous families.
   *
   * Any number of scrapes up to a limit may run at once, each with its own copy of the tallies.
   * Tallies are of one moment; counters of probes are read as they are written, one histogram at a time.
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
      // The end of the copy was a step; the writing begins with one of its own.
      await this.#turns.nextTurn();
      const writer = new TextWriter({ ...this.#turns, sink, signal });
      return await writeFamilies(writer, rows, { rows: this.#rows, probes: this.#probes, tallies });
    } finally {
      end();
    }
  }

  /**
   * Every target with its last results, in the order in which they were added as far as rows are not
   * used again. The event loop turns between two of them where the work has been long, the work of
   * whoever takes them included.
   *
   * @param failures Asked at once with the snapshot, so that a stream number used again lends nothing to another target.
   * @param isFailingOnly Leaves out what is up or unknown.
   * @throws as `write` does.
   */
  async *list(
    {
      snapshot,
      failures,
      isFailingOnly,
    }: {
      readonly snapshot: TakeSnapshot;
      readonly failures: AskFailures;
      readonly isFailingOnly: boolean;
    },
    signal: AbortSignal,
  ): AsyncGenerator<TargetEntry, void, void> {
    const end = this.#begin();
    try {
      let known: ReadonlyMap<number, EchoFailure> = new Map();
      const takeBoth: TakeSnapshot = async () => {
        const [taken, answered] = await Promise.all([snapshot(), failures()]);
        known = answered;
        return taken;
      };
      const { rows, tallies } = await this.#copies.take(takeBoth, LIST_COLUMNS, signal);
      await this.#turns.nextTurn();
      const steps = new Steps({ ...this.#turns, signal });
      const results = { rows: this.#rows, probes: this.#probes, tallies, failures: known };
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

  #releaseRetired(): void {
    if (this.#writes > 0) return;
    for (const row of this.#retired) {
      const { series, seriesRow } = this.#rows.columns;
      this.#probes.at(series[row] ?? NONE)?.remove(seriesRow[row] ?? NONE);
      this.#rows.release(row);
    }
    this.#retired = [];
  }
}

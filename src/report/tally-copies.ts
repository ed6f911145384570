import type { TallySnapshot } from "../icmp/engine-contract.ts";
import type { TallyColumn } from "../icmp/loop/tally-layout.ts";
import { Steps } from "../metrics/steps.ts";
import { copyTallies, type TalliesOf } from "./icmp-series.ts";
import { NONE, rowsThat, type TargetRows } from "./target-rows.ts";
import { untilAborted } from "./until-aborted.ts";

/** Asks the engine, or gives undefined when it has none. */
export type TakeSnapshot = () => Promise<TallySnapshot | undefined>;

/** The targets of one answer and what the engine had tallied for them at one moment. */
export type Taken<Name extends TallyColumn> = {
  readonly rows: Uint32Array;
  readonly tallies: TalliesOf<Name> | undefined;
};

/** What cuts long work into steps. */
export type Turns = {
  readonly monotonicSeconds: () => number;
  /** Resolves in a later turn of the event loop. */
  readonly nextTurn: () => Promise<unknown>;
};

/**
 * Copies of the engine's tallies, one after the other: the engine uses its arrays again for the next
 * snapshot, so a copy is made before that one is asked for.
 */
export class TallyCopies {
  readonly #rows: TargetRows;
  readonly #turns: Turns;
  #last: Promise<void> = Promise.resolve();

  constructor(rows: TargetRows, turns: Turns) {
    this.#rows = rows;
    this.#turns = turns;
  }

  /**
   * The targets are those of the moment of the call, less those removed before the snapshot came: a
   * stream number used again must not lend its counts to another target.
   *
   * @throws the signal's reason, and what `snapshot` throws.
   */
  take<Name extends TallyColumn>(
    snapshot: TakeSnapshot,
    names: readonly Name[],
    signal: AbortSignal,
  ): Promise<Taken<Name>> {
    const taking = this.#last.then(async () => {
      signal.throwIfAborted();
      const called = this.#rows.liveRows();
      const taken = await snapshot();
      const rows = rowsThat(called, (row) => this.#rows.isLive(row));
      if (taken === undefined) return { rows, tallies: undefined };
      const steps = new Steps({ ...this.#turns, signal });
      const tallies = await copyTallies(taken, this.#streams(rows), names, steps);
      return { rows, tallies };
    });
    this.#last = taking.then(
      () => {},
      () => {},
    );
    return untilAborted(taking, signal);
  }

  #streams(rows: Uint32Array): number {
    const { stream } = this.#rows.columns;
    let most = 0;
    for (const row of rows) most = Math.max(most, (stream[row] ?? NONE) + 1);
    return most;
  }
}

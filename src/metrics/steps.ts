import { setImmediate } from "node:timers/promises";

/**
 * Longest work between two turns of the event loop. A step may take 5 ms; the rest is left for one
 * garbage collection and for whoever takes what is written.
 */
const STEP_SECONDS = 0.001;

/** Rows between two looks at the clock: eight take up to 0.2 ms (five histograms each), a look 0.2 µs. */
const ROWS_PER_LOOK = 8;

/** Long work cut into steps, so that it never holds the event loop: ask `isDue` after each row. */
export class Steps {
  readonly #signal: AbortSignal;
  readonly #monotonicSeconds: () => number;
  readonly #nextTurn: () => Promise<unknown>;
  #startSeconds: number;
  #rowsSinceLook = 0;

  constructor(options: {
    readonly signal: AbortSignal;
    readonly monotonicSeconds: () => number;
    /** Resolves in a later turn of the event loop. */
    readonly nextTurn?: (() => Promise<unknown>) | undefined;
  }) {
    this.#signal = options.signal;
    this.#monotonicSeconds = options.monotonicSeconds;
    this.#nextTurn = options.nextTurn ?? setImmediate;
    this.#startSeconds = options.monotonicSeconds();
  }

  /** To be asked once after each row: whether `turn()` must be awaited before the next. */
  isDue(): boolean {
    this.#rowsSinceLook += 1;
    if (this.#rowsSinceLook < ROWS_PER_LOOK) return false;
    this.#rowsSinceLook = 0;
    return this.#isOver();
  }

  /**
   * Lets the event loop turn when this step was long enough.
   *
   * @throws the signal's reason when it is aborted.
   */
  async turn(): Promise<void> {
    this.#signal.throwIfAborted();
    if (!this.#isOver()) return;
    await this.#nextTurn();
    this.#startSeconds = this.#monotonicSeconds();
    this.#signal.throwIfAborted();
  }

  #isOver(): boolean {
    return this.#monotonicSeconds() - this.#startSeconds >= STEP_SECONDS;
  }
}

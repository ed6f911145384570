/** Twice over the longest sleep of the engine, and far beyond what a busy machine keeps a thread waiting. */
const MIN_STAND_STILL_SECONDS = 1;

/** The kernel tells the time since boot in hundredths; a suspension of less harms nothing. */
const MIN_SUSPENSION_SECONDS = 0.5;

/** What kept the engine from its ticks. `stopped` is a process that did not run, `suspended` a whole machine. */
export type StandStill = { readonly kind: "stopped" | "suspended"; readonly seconds: number };

/** A stretch of monotonic time. */
class Stretch {
  #fromSeconds = Number.NEGATIVE_INFINITY;
  #toSeconds = Number.NEGATIVE_INFINITY;

  set(fromSeconds: number, toSeconds: number): void {
    this.#fromSeconds = fromSeconds;
    this.#toSeconds = toSeconds;
  }

  meets(fromSeconds: number, toSeconds: number): boolean {
    return fromSeconds <= this.#toSeconds && toSeconds >= this.#fromSeconds;
  }
}

/**
 * When the engine last stood still. [hot]
 *
 * A stopped process is seen by the time between two ticks, a suspended machine is not: the monotonic clock stands
 * with it (clock_gettime(2)). It is seen by the time since boot, which runs on, and which is looked at when the wall
 * clock was stepped, as it always is then.
 */
export class StandStills {
  readonly #suspendedSeconds: () => number;
  #suspendedBefore: number;
  /** Apart: a machine that wakes is slow at first, and that must not hide that it slept. */
  readonly #stopped = new Stretch();
  readonly #suspended = new Stretch();

  /** @param suspendedSeconds How long the machine was suspended, ever; only differences count. */
  constructor(suspendedSeconds: () => number) {
    this.#suspendedSeconds = suspendedSeconds;
    this.#suspendedBefore = suspendedSeconds();
  }

  /**
   * Looks back from a tick.
   *
   * @param steppedSeconds By how much the wall clock was stepped since the tick before.
   * @returns what happened since the tick before, if anything did.
   */
  look(
    previousSeconds: number,
    nowSeconds: number,
    steppedSeconds: number,
  ): StandStill | undefined {
    if (steppedSeconds > 0) {
      const suspended = this.#suspendedSeconds();
      const seconds = suspended - this.#suspendedBefore;
      this.#suspendedBefore = suspended;
      if (seconds >= MIN_SUSPENSION_SECONDS) {
        this.#suspended.set(previousSeconds, nowSeconds);
        return { kind: "suspended", seconds };
      }
    }
    const seconds = nowSeconds - previousSeconds;
    if (seconds < MIN_STAND_STILL_SECONDS) return undefined;
    this.#stopped.set(previousSeconds, nowSeconds);
    return { kind: "stopped", seconds };
  }

  /**
   * Whether the reply to an unanswered echo may have been lost because of it.
   *
   * @param areDropsCounted Whether the kernel tells what it dropped: then a stopped process is no excuse, because what
   *   its sockets held is read and the rest was counted. A suspended machine receives nothing to be counted.
   */
  mayHaveEaten(sentAtSeconds: number, deadlineSeconds: number, areDropsCounted: boolean): boolean {
    if (this.#suspended.meets(sentAtSeconds, deadlineSeconds)) return true;
    return !areDropsCounted && this.#stopped.meets(sentAtSeconds, deadlineSeconds);
  }
}

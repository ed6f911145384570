import type { Clock } from "../runtime/clock.ts";
import { DueHeap } from "./due-heap.ts";

/** Calls back once, after so many seconds or a little more. @returns what takes it back. */
export type SetTimer = (callback: () => void, afterSeconds: number) => () => void;

/** Node's timers. */
export const setNodeTimer: SetTimer = (callback, afterSeconds) => {
  const timer = setTimeout(callback, afterSeconds * 1000);
  return () => clearTimeout(timer);
};

/** Longest sleep, so that Node's limit of 2^31 ms is never met. */
const MAX_SLEEP_SECONDS = 3_600;

/** Calls once for each of any number of items when its time has come, behind one timer. */
export class Alarm<T extends object> {
  readonly #clock: Clock;
  readonly #setTimer: SetTimer;
  readonly #onDue: (item: T, dueSeconds: number, nowSeconds: number) => void;
  readonly #heap = new DueHeap<T>();
  #wakeSeconds = Number.POSITIVE_INFINITY;
  #cancelTimer = (): void => {};
  /** While a round of calls is under way, the timer for what they set is armed once, at its end. */
  #isInRound = false;

  constructor(options: {
    readonly clock: Clock;
    readonly setTimer: SetTimer;
    /**
     * At an item's time; it has left by then, and may be set again to a later time than `nowSeconds`, which is when
     * this round of calls began.
     */
    readonly onDue: (item: T, dueSeconds: number, nowSeconds: number) => void;
  }) {
    this.#clock = options.clock;
    this.#setTimer = options.setTimer;
    this.#onDue = options.onDue;
  }

  /** An item has one time; setting it again moves it. */
  set(item: T, dueSeconds: number): void {
    this.#heap.add(item, dueSeconds);
    this.#arm();
  }

  remove(item: T): void {
    this.#heap.remove(item);
    this.#arm();
  }

  #arm(): void {
    if (this.#isInRound) return;
    const earliestSeconds = this.#heap.earliestSeconds ?? Number.POSITIVE_INFINITY;
    if (earliestSeconds === this.#wakeSeconds) return;
    this.#cancelTimer();
    this.#wakeSeconds = earliestSeconds;
    this.#cancelTimer = () => {};
    if (earliestSeconds === Number.POSITIVE_INFINITY) return;
    const waitSeconds = earliestSeconds - this.#clock.monotonicSeconds();
    this.#cancelTimer = this.#setTimer(
      () => this.#wake(),
      Math.min(Math.max(waitSeconds, 0), MAX_SLEEP_SECONDS),
    );
  }

  #wake(): void {
    this.#wakeSeconds = Number.POSITIVE_INFINITY;
    // One reading for the whole round: items that become due meanwhile get a round of their own.
    const nowSeconds = this.#clock.monotonicSeconds();
    this.#isInRound = true;
    for (;;) {
      const due = this.#heap.takeDue(nowSeconds);
      if (due === undefined) break;
      this.#onDue(due.item, due.dueSeconds, nowSeconds);
    }
    this.#isInRound = false;
    this.#arm();
  }
}

import type { Clock } from "../runtime/clock.ts";
import { DueHeap } from "./due-heap.ts";
import { firstDueSeconds, nextDue } from "./interval.ts";

/** Calls back once, after so many seconds or a little more. @returns what takes it back. */
export type SetTimer = (callback: () => void, afterSeconds: number) => () => void;

/** Node's timers. */
export const setNodeTimer: SetTimer = (callback, afterSeconds) => {
  const timer = setTimeout(callback, afterSeconds * 1000);
  return () => clearTimeout(timer);
};

/** Longest sleep, so that Node's limit of 2^31 ms is never met. */
const MAX_SLEEP_SECONDS = 3_600;

/** When something is due; its own place in each interval. */
export type Rhythm = {
  readonly intervalSeconds: number;
  /** 0 up to 1, see `phase.ts`. */
  readonly phase: number;
};

/** Due times of any number of items behind one timer. */
export class Timetable<T extends object> {
  readonly #clock: Clock;
  readonly #setTimer: SetTimer;
  readonly #onDue: (item: T, dueSeconds: number) => void;
  readonly #onMissed: (item: T, ticks: number) => void;
  readonly #heap = new DueHeap<T>();
  readonly #rhythms = new Map<T, Rhythm>();
  #wakeSeconds = Number.POSITIVE_INFINITY;
  #cancelTimer = (): void => {};

  constructor(options: {
    readonly clock: Clock;
    readonly setTimer: SetTimer;
    /** Called at each due time; `dueSeconds` is the planned time on the monotonic clock. */
    readonly onDue: (item: T, dueSeconds: number) => void;
    /** Ticks of an item passed while nobody looked: dropped, and told here to be counted. */
    readonly onMissed: (item: T, ticks: number) => void;
  }) {
    this.#clock = options.clock;
    this.#setTimer = options.setTimer;
    this.#onDue = options.onDue;
    this.#onMissed = options.onMissed;
  }

  add(item: T, rhythm: Rhythm): void {
    const nowSeconds = this.#clock.monotonicSeconds();
    this.#rhythms.set(item, rhythm);
    this.#heap.add(item, firstDueSeconds(nowSeconds, rhythm.intervalSeconds, rhythm.phase));
    this.#arm();
  }

  remove(item: T): void {
    this.#rhythms.delete(item);
    this.#heap.remove(item);
    this.#arm();
  }

  /** Forgets everything; no timer stays. */
  stop(): void {
    for (const item of this.#rhythms.keys()) this.remove(item);
  }

  #arm(): void {
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
    for (;;) {
      const due = this.#heap.takeDue(nowSeconds);
      if (due === undefined) break;
      const rhythm = this.#rhythms.get(due.item);
      if (rhythm === undefined) continue;
      const next = nextDue(due.dueSeconds, rhythm.intervalSeconds, nowSeconds);
      if (next.missedTicks > 0) this.#onMissed(due.item, next.missedTicks);
      this.#heap.add(due.item, next.dueSeconds);
      this.#onDue(due.item, due.dueSeconds);
    }
    this.#arm();
  }
}

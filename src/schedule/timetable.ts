import type { Clock } from "../runtime/clock.ts";
import { Alarm, type SetTimer } from "./alarm.ts";
import { firstDueSeconds, nextDue } from "./interval.ts";

/** When something is due; its own place in each interval. */
export type Rhythm = {
  readonly intervalSeconds: number;
  /** 0 up to 1, see `phase.ts`. */
  readonly phase: number;
};

/** Due times of any number of items behind one timer. */
export class Timetable<T extends object> {
  readonly #clock: Clock;
  readonly #alarm: Alarm<T>;
  readonly #onDue: (item: T, dueSeconds: number) => void;
  readonly #onMissed: (item: T, ticks: number) => void;
  readonly #rhythms = new Map<T, Rhythm>();

  constructor(options: {
    readonly clock: Clock;
    readonly setTimer: SetTimer;
    /** Called at each due time; `dueSeconds` is the planned time on the monotonic clock. */
    readonly onDue: (item: T, dueSeconds: number) => void;
    /** Ticks of an item passed while nobody looked: dropped, and told here to be counted. */
    readonly onMissed: (item: T, ticks: number) => void;
  }) {
    this.#clock = options.clock;
    this.#onDue = options.onDue;
    this.#onMissed = options.onMissed;
    this.#alarm = new Alarm({
      clock: options.clock,
      setTimer: options.setTimer,
      onDue: (item, dueSeconds, nowSeconds) => this.#due(item, dueSeconds, nowSeconds),
    });
  }

  add(item: T, rhythm: Rhythm): void {
    const nowSeconds = this.#clock.monotonicSeconds();
    this.#rhythms.set(item, rhythm);
    this.#alarm.set(item, firstDueSeconds(nowSeconds, rhythm.intervalSeconds, rhythm.phase));
  }

  remove(item: T): void {
    this.#rhythms.delete(item);
    this.#alarm.remove(item);
  }

  /** Forgets everything; no timer stays. */
  stop(): void {
    for (const item of this.#rhythms.keys()) this.remove(item);
  }

  #due(item: T, dueSeconds: number, nowSeconds: number): void {
    const rhythm = this.#rhythms.get(item);
    if (rhythm === undefined) return;
    const next = nextDue(dueSeconds, rhythm.intervalSeconds, nowSeconds);
    if (next.missedTicks > 0) this.#onMissed(item, next.missedTicks);
    this.#alarm.set(item, next.dueSeconds);
    this.#onDue(item, dueSeconds);
  }
}

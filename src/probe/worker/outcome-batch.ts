import type { SetTimer } from "../../schedule/alarm.ts";

/** A message for each outcome would wake the main thread as often as there are probes. */
const MAX_BATCH = 100;
const MAX_WAIT_SECONDS = 0.1;

/** Gathers values until there are a hundred or the first is a tenth of a second old. */
export class OutcomeBatch<T> {
  readonly #setTimer: SetTimer;
  readonly #send: (batch: readonly T[]) => void;
  #values: T[] = [];
  #cancelTimer = (): void => {};

  constructor(options: {
    readonly setTimer: SetTimer;
    readonly send: (batch: readonly T[]) => void;
  }) {
    this.#setTimer = options.setTimer;
    this.#send = options.send;
  }

  add(value: T): void {
    this.#values.push(value);
    if (this.#values.length >= MAX_BATCH) this.flush();
    else if (this.#values.length === 1) {
      this.#cancelTimer = this.#setTimer(() => this.flush(), MAX_WAIT_SECONDS);
    }
  }

  /** Sends what is there, if anything is. */
  flush(): void {
    this.#cancelTimer();
    if (this.#values.length === 0) return;
    const batch = this.#values;
    this.#values = [];
    this.#send(batch);
  }
}

/** A bounded number of things at once; who comes beyond it is turned away, never queued. */
export class Slots {
  readonly #limit: () => number;
  #taken = 0;

  /** @param limit Asked each time, because a reload may change it. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** @returns a function that gives the slot back (once, however often called), or undefined when none is free. */
  take(): (() => void) | undefined {
    if (this.#taken >= this.#limit()) return undefined;
    this.#taken += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#taken -= 1;
      isHeld = false;
    };
  }
}

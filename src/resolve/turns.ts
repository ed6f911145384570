/** Gives a turn back. Calling it twice does nothing more. */
export type Release = () => void;

type Waiter = { readonly isSlow: boolean; readonly start: (release: Release) => void };

/**
 * How many look-ups may be in flight, and who is next.
 *
 * Two queues, each first come first served: names that were silent last time ("slow") wait behind
 * the others and may hold only a part of the turns, so that any number of dead names leaves turns
 * free for the living. The queues have no limit of their own: a caller is a target or a probe, and
 * those are bounded.
 */
export class Turns {
  readonly #limit: number;
  readonly #slowLimit: number;
  readonly #waiting: Set<Waiter> = new Set();
  readonly #waitingSlow: Set<Waiter> = new Set();
  #taken = 0;
  #takenSlow = 0;

  constructor(limits: { readonly limit: number; readonly slowLimit: number }) {
    this.#limit = limits.limit;
    this.#slowLimit = limits.slowLimit;
  }

  /** @throws the reason of `signal` when it is aborted before the turn came. */
  take(isSlow: boolean, signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(asError(signal.reason));
        return;
      }
      const queue = isSlow ? this.#waitingSlow : this.#waiting;
      const onAbort = (): void => {
        queue.delete(waiter);
        reject(asError(signal.reason));
      };
      const waiter: Waiter = {
        isSlow,
        start: (release) => {
          signal.removeEventListener("abort", onAbort);
          resolve(release);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      queue.add(waiter);
      this.#startNext();
    });
  }

  #startNext(): void {
    while (this.#taken < this.#limit) {
      const [ready] = this.#waiting;
      const [slow] = this.#takenSlow < this.#slowLimit ? this.#waitingSlow : [];
      const waiter = ready ?? slow;
      if (waiter === undefined) return;
      (waiter.isSlow ? this.#waitingSlow : this.#waiting).delete(waiter);
      waiter.start(this.#takeTurn(waiter.isSlow));
    }
  }

  #takeTurn(isSlow: boolean): Release {
    this.#taken += 1;
    if (isSlow) this.#takenSlow += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      if (isSlow) this.#takenSlow -= 1;
      this.#startNext();
    };
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("Aborted", { cause: reason });
}

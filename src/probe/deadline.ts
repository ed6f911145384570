/** Node's timers take no more than 2^31 − 1 ms. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** One limit over a whole probe: its timeout, or its caller going away, whichever is first. */
export class Deadline {
  readonly #aborter = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal;
  readonly #onCallerAbort = (): void => this.#end("cancelled");
  #ending: "timed_out" | "cancelled" | undefined;

  constructor(timeoutSeconds: number, caller: AbortSignal) {
    this.#caller = caller;
    const milliseconds = Math.min(timeoutSeconds * 1000, MAX_TIMER_MILLISECONDS);
    this.#timer = setTimeout(() => this.#end("timed_out"), milliseconds);
    if (caller.aborted) this.#end("cancelled");
    else caller.addEventListener("abort", this.#onCallerAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Why it is over; undefined while it is not. */
  get ending(): "timed_out" | "cancelled" | undefined {
    return this.#ending;
  }

  /** To be called when the probe has ended, or the timer stays. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#onCallerAbort);
  }

  #end(ending: "timed_out" | "cancelled"): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.clear();
    this.#aborter.abort();
  }
}

/** The promise's value, unless the signal aborts first: then its reason is thrown. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whatever becomes of it after the abort, nobody waits for it any more.
  promise.catch(() => {});
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

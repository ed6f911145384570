import type { Clock } from "../../runtime/clock.ts";

/** The contract's bound: a probe during which the loop was later than this is disturbed. */
const MAX_LAG_SECONDS = 0.01;
/** How often the loop's punctuality is looked at, while a probe is in flight and only then. */
const LOOK_SECONDS = 0.005;

/** Calls back again and again. @returns what ends it. */
export type SetTicker = (callback: () => void, everySeconds: number) => () => void;

/** Node's interval timer. */
export const setNodeTicker: SetTicker = (callback, everySeconds) => {
  const timer = setInterval(callback, everySeconds * 1000);
  return () => clearInterval(timer);
};

/**
 * Whether the event loop was late while a probe ran: then its phases hold our own delay.
 *
 * A ticker that comes late shows it. Events of the same turn of the loop run before the ticker, so
 * the end of a probe looks by itself as well: a tick that is overdue then counts as late already.
 */
export class LoopLag {
  readonly #clock: Clock;
  readonly #setTicker: SetTicker;
  #inFlight = 0;
  #tickDueSeconds = 0;
  #lastLateSeconds = Number.NEGATIVE_INFINITY;
  #stopTicker = (): void => {};

  constructor(options: { readonly clock: Clock; readonly setTicker: SetTicker }) {
    this.#clock = options.clock;
    this.#setTicker = options.setTicker;
  }

  /** A probe begins. @returns what `end` wants to know. */
  begin(): number {
    const nowSeconds = this.#clock.monotonicSeconds();
    this.#inFlight += 1;
    if (this.#inFlight === 1) {
      this.#tickDueSeconds = nowSeconds + LOOK_SECONDS;
      this.#stopTicker = this.#setTicker(() => this.#tick(), LOOK_SECONDS);
    }
    return nowSeconds;
  }

  /** A probe ends. @returns whether the loop was late since `begunSeconds`. */
  end(begunSeconds: number): boolean {
    this.#look(this.#clock.monotonicSeconds());
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#stopTicker();
    return this.#lastLateSeconds >= begunSeconds;
  }

  #tick(): void {
    const nowSeconds = this.#clock.monotonicSeconds();
    this.#look(nowSeconds);
    this.#tickDueSeconds = nowSeconds + LOOK_SECONDS;
  }

  #look(nowSeconds: number): void {
    if (nowSeconds - this.#tickDueSeconds > MAX_LAG_SECONDS) this.#lastLateSeconds = nowSeconds;
  }
}

import type { EngineCore } from "./engine-core.ts";
import { engineClock } from "./engine-core.ts";
import type { EngineHost, HostListener } from "./engine-host.ts";
import type { CoreReport, EngineRequest } from "./messages.ts";

/** The longest time between two ticks, as the echo worker has it. */
const MAX_SLEEP_SECONDS = 0.25;

/**
 * Runs an engine's core on the loop of this thread, by timers: for transports that are tied to it. What else the thread
 * does delays the echoes; their times are taken where packets come in, so it does not show in them beyond that.
 */
export class LocalHost implements EngineHost {
  readonly #core: EngineCore;
  readonly #listener: HostListener;
  readonly #requests: EngineRequest[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isWorkPlanned = false;
  #isStopped = false;

  /** @param makeCore Gets where the core reports to. */
  constructor(
    makeCore: (report: (report: CoreReport) => void) => EngineCore,
    listener: HostListener,
  ) {
    this.#listener = listener;
    this.#core = makeCore((report) => {
      if (!this.#isStopped) listener.onReport(report);
    });
    this.#plan();
  }

  send(request: EngineRequest): void {
    if (this.#isStopped) return;
    this.#requests.push(request);
    this.#workSoon();
  }

  /** A transport took something in; it waits for the next tick, unless somebody waits for it. */
  arrived(): void {
    if (!this.#isStopped && this.#core.isAwaited) this.#workSoon();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const pause = this.#core.nextWakeSeconds() - engineClock.monotonicSeconds();
    const bounded = Math.min(Math.max(pause, 0), MAX_SLEEP_SECONDS);
    this.#timer = setTimeout(() => this.#workSoon(), Math.ceil(bounded * 1000));
  }

  /**
   * After what has come is read: timers and other sockets may be served before that, and a deadline would overtake a
   * reply after a stall. Also what is asked waits for that, because a snapshot applies deadlines.
   */
  #workSoon(): void {
    if (this.#isWorkPlanned) return;
    this.#isWorkPlanned = true;
    setImmediate(() => {
      this.#isWorkPlanned = false;
      this.#work();
    });
  }

  #work(): void {
    if (this.#isStopped) return;
    this.#guard(() => {
      for (const request of this.#requests.splice(0)) this.#core.take(request);
      this.#core.tick();
    });
    this.#plan();
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      void this.stop();
      this.#listener.onFault(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#core.close();
  }
}

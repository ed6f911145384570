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
  #timer: NodeJS.Timeout | undefined;
  #isTickPlanned = false;
  #isStopped = false;

  /** @param makeCore Gets where the core reports to. */
  constructor(
    makeCore: (report: (report: CoreReport) => void) => EngineCore,
    listener: HostListener,
  ) {
    this.#listener = listener;
    this.#core = makeCore((report) => {
      // An answer never comes within the call that asked.
      queueMicrotask(() => {
        if (!this.#isStopped) listener.onReport(report);
      });
    });
    this.#plan();
  }

  send(request: EngineRequest): void {
    if (this.#isStopped) return;
    this.#guard(() => this.#core.take(request));
    this.#plan();
  }

  /** A transport took something in; it waits for the next tick, unless somebody waits for it. */
  arrived(): void {
    if (!this.#isStopped && this.#core.isAwaited) this.#tickSoon();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const pause = this.#core.nextWakeSeconds() - engineClock.monotonicSeconds();
    const bounded = Math.min(Math.max(pause, 0), MAX_SLEEP_SECONDS);
    this.#timer = setTimeout(() => this.#tickSoon(), Math.ceil(bounded * 1000));
  }

  /** After what has come is read: timers run before that, and a deadline would overtake a reply after a stall. */
  #tickSoon(): void {
    if (this.#isTickPlanned) return;
    this.#isTickPlanned = true;
    setImmediate(() => {
      this.#isTickPlanned = false;
      this.#tick();
    });
  }

  #tick(): void {
    if (this.#isStopped) return;
    this.#guard(() => this.#core.tick());
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

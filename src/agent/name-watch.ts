import type { Resolution, Resolve } from "../resolve/resolution.ts";
import type { Clock } from "../runtime/clock.ts";

/** A name is asked for again no sooner than this, whatever its TTL. */
const MIN_REFRESH_SECONDS = 1;
/** Names that fall due close together are asked for together. */
const MIN_PAUSE_MILLISECONDS = 200;
/** The longest a timer of Node may run is 24 days; nothing here needs more than this. */
const MAX_PAUSE_MILLISECONDS = 60_000;

type Watched = { dueSeconds: number; isAsking: boolean; latest: Resolution | undefined };

/**
 * Keeps the addresses of names fresh: asks at once, then each time the TTL has passed.
 *
 * Names are independent: each has its own question under way, and a slow one delays no other. One timer serves all.
 */
export class NameWatch {
  readonly #resolve: Resolve;
  readonly #clock: Clock;
  readonly #retrySeconds: () => number;
  readonly #onResolution: (name: string, resolution: Resolution) => void;
  readonly #names = new Map<string, Watched>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #plannedSeconds = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly resolve: Resolve;
    readonly clock: Clock;
    /** How long after a failure a name is asked for again; asked each time, because a reload may change it. */
    readonly retrySeconds: () => number;
    readonly onResolution: (name: string, resolution: Resolution) => void;
  }) {
    this.#resolve = options.resolve;
    this.#clock = options.clock;
    this.#retrySeconds = options.retrySeconds;
    this.#onResolution = options.onResolution;
  }

  /** Begins to watch; a name that is watched already is left as it is. */
  watch(name: string): void {
    if (this.#names.has(name)) return;
    const watched: Watched = { dueSeconds: 0, isAsking: false, latest: undefined };
    this.#names.set(name, watched);
    void this.#ask(name, watched);
  }

  /** What is under way for it is nobody's any more. */
  unwatch(name: string): void {
    this.#names.delete(name);
  }

  /** What a watched name last resolved to, well or badly; undefined before the first answer. */
  latest(name: string): Resolution | undefined {
    return this.#names.get(name)?.latest;
  }

  /** Whether every name was asked for once, and answered well or badly. */
  get areAllTried(): boolean {
    for (const { latest } of this.#names.values()) if (latest === undefined) return false;
    return true;
  }

  async #ask(name: string, watched: Watched): Promise<void> {
    watched.isAsking = true;
    const resolution = await this.#resolution(name);
    if (resolution === undefined || this.#names.get(name) !== watched) return;
    watched.isAsking = false;
    watched.latest = resolution;
    const isGood = resolution.kind === "resolved" && !resolution.isStale;
    const waitSeconds = isGood ? resolution.ttlSeconds : this.#retrySeconds();
    watched.dueSeconds =
      this.#clock.monotonicSeconds() + Math.max(waitSeconds, MIN_REFRESH_SECONDS);
    this.#onResolution(name, resolution);
    this.#plan();
  }

  /** Undefined when the watch was stopped meanwhile: a question that is given up rejects. */
  async #resolution(name: string): Promise<Resolution | undefined> {
    const { signal } = this.#stopping;
    try {
      const resolution = await this.#resolve(name, signal);
      return signal.aborted ? undefined : resolution;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** One timer, for the name that is due first; a name that is due before it takes it over. */
  #plan(): void {
    if (this.#stopping.signal.aborted) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const watched of this.#names.values()) {
      if (!watched.isAsking) earliest = Math.min(earliest, watched.dueSeconds);
    }
    if (earliest >= this.#plannedSeconds) return;
    this.#plannedSeconds = earliest;
    clearTimeout(this.#timer);
    const pause = (earliest - this.#clock.monotonicSeconds()) * 1000;
    const bounded = Math.min(Math.max(pause, MIN_PAUSE_MILLISECONDS), MAX_PAUSE_MILLISECONDS);
    this.#timer = setTimeout(() => this.#refresh(), bounded);
    // What keeps the process alive is its server, not a name.
    this.#timer.unref();
  }

  #refresh(): void {
    this.#timer = undefined;
    this.#plannedSeconds = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonicSeconds();
    for (const [name, watched] of this.#names) {
      if (!watched.isAsking && watched.dueSeconds <= now) void this.#ask(name, watched);
    }
    this.#plan();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#names.clear();
  }
}

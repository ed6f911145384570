/** Of the slots, the part that items may hold which timed out last time. */
const SLOW_SHARE = 0.5;

type Place = {
  state: "idle" | "waiting" | "running" | "left";
  dueSeconds: number;
  /** Timed out last time. */
  isSlow: boolean;
  /** Met its next due time while it still waited behind the living: now it goes among them. */
  isPromoted: boolean;
};

/**
 * Who may start: at most `limit` items at a time, one run of each.
 *
 * An item that timed out last time waits behind those that answered and shares half of the slots
 * with its like, so the dead never delay the living; one that waited a whole interval is let in
 * among the living once, so a target that recovered is found even where slots are short.
 */
export class Concurrency<T extends object> {
  readonly #limit: number;
  readonly #slowLimit: number;
  readonly #start: (item: T, dueSeconds: number) => void;
  readonly #onMissed: (item: T) => void;
  readonly #places = new Map<T, Place>();
  /** In the order they came; a set, because one may leave from the middle. */
  readonly #prompt = new Set<T>();
  readonly #slow = new Set<T>();
  readonly #running = new Map<T, { readonly isSlow: boolean }>();
  #slowRunning = 0;

  constructor(options: {
    readonly limit: number;
    /** Must lead to one `ended`, not before it returns. */
    readonly start: (item: T, dueSeconds: number) => void;
    /** A due time met a running or a waiting one of the same item and was dropped. */
    readonly onMissed: (item: T) => void;
  }) {
    this.#limit = options.limit;
    this.#slowLimit = Math.max(1, Math.floor(options.limit * SLOW_SHARE));
    this.#start = options.start;
    this.#onMissed = options.onMissed;
  }

  get inFlight(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#prompt.size + this.#slow.size;
  }

  /** An item's time has come: it starts at once, or waits, or the tick is dropped. */
  due(item: T, dueSeconds: number): void {
    const place = this.#placeOf(item);
    switch (place.state) {
      case "left":
        return;
      case "running":
        this.#onMissed(item);
        return;
      case "waiting":
        this.#onMissed(item);
        if (this.#slow.delete(item)) {
          place.isPromoted = true;
          this.#prompt.add(item);
        }
        break;
      case "idle":
        place.state = "waiting";
        place.dueSeconds = dueSeconds;
        (place.isSlow ? this.#slow : this.#prompt).add(item);
        break;
    }
    this.#fill();
  }

  /** A run that `start` began is over. */
  ended(item: T, isTimeout: boolean): void {
    const run = this.#running.get(item);
    if (run === undefined) return;
    this.#running.delete(item);
    if (run.isSlow) this.#slowRunning -= 1;
    const place = this.#places.get(item);
    if (place !== undefined) {
      if (place.state === "left") this.#places.delete(item);
      else place.state = "idle";
      place.isSlow = isTimeout;
      place.isPromoted = false;
    }
    this.#fill();
  }

  /** Takes an item out. One that runs keeps its slot until it has ended. */
  remove(item: T): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#prompt.delete(item);
    this.#slow.delete(item);
    if (place.state === "running") place.state = "left";
    else this.#places.delete(item);
  }

  #placeOf(item: T): Place {
    const known = this.#places.get(item);
    if (known !== undefined) return known;
    const place: Place = { state: "idle", dueSeconds: 0, isSlow: false, isPromoted: false };
    this.#places.set(item, place);
    return place;
  }

  #fill(): void {
    while (this.#running.size < this.#limit) {
      const next = this.#next();
      if (next === undefined) return;
      const [item, place] = next;
      const isSlow = place.isSlow && !place.isPromoted;
      place.state = "running";
      this.#running.set(item, { isSlow });
      if (isSlow) this.#slowRunning += 1;
      this.#start(item, place.dueSeconds);
    }
  }

  #next(): readonly [T, Place] | undefined {
    const queue =
      this.#prompt.size > 0 || this.#slowRunning >= this.#slowLimit ? this.#prompt : this.#slow;
    for (const item of queue) {
      queue.delete(item);
      const place = this.#places.get(item);
      if (place !== undefined) return [item, place];
    }
    return undefined;
  }
}

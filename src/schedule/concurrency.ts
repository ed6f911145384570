/** Of the slots, the part that items may hold which timed out last time, or which run an extra time. */
const SLOW_SHARE = 0.5;

type Place = {
  state: "idle" | "waiting" | "running" | "left";
  dueSeconds: number;
  /** Timed out last time. */
  isSlow: boolean;
  /** Met its next due time while it still waited behind the living: now it goes among them. */
  isPromoted: boolean;
  /** A due time that waits for an extra run of the same item to be cut. */
  heldDueSeconds: number | undefined;
};

type Run = { readonly isSlow: boolean; readonly isExtra: boolean };

/**
 * Who may start: at most `limit` items at a time, one run of each.
 *
 * An item that timed out last time waits behind those that answered and shares half of the slots
 * with its like, so the dead never delay the living; one that waited a whole interval is let in
 * among the living once, so a target that recovered is found even where slots are short.
 *
 * Extra runs, beside those of due times, take only slots that nobody wants: one that stands in the way of a due time,
 * of its own item or of another, is cut. So due times are kept as if there were none.
 */
export class Concurrency<T extends object> {
  readonly #options: ConcurrencyOptions<T>;
  #limit: number;
  #slowLimit: number;
  readonly #places = new Map<T, Place>();
  /** In the order they came; a set, because one may leave from the middle. */
  readonly #prompt = new Set<T>();
  readonly #slow = new Set<T>();
  readonly #running = new Map<T, Run>();
  /** Extra runs that nobody has asked to end yet, oldest first. */
  readonly #extra = new Set<T>();
  #slowRunning = 0;

  constructor(options: ConcurrencyOptions<T>) {
    this.#options = options;
    this.#limit = options.limit;
    this.#slowLimit = slowLimitOf(options.limit);
  }

  /** What runs beyond a smaller limit runs to its end. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#slowLimit = slowLimitOf(limit);
    this.#fill();
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
        if (this.#running.get(item)?.isExtra !== true || place.heldDueSeconds !== undefined) {
          this.#options.onMissed(item);
          return;
        }
        place.heldDueSeconds = dueSeconds;
        this.#cut(item);
        return;
      case "waiting":
        this.#options.onMissed(item);
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
    if (this.waiting > 0) this.#cutOldest();
  }

  /** Runs an item beside its due times, if it is idle and a slot is free that nobody waits for. */
  startExtra(item: T, dueSeconds: number): boolean {
    const place = this.#placeOf(item);
    const isFree = this.#running.size < this.#limit && this.#slowRunning < this.#slowLimit;
    if (place.state !== "idle" || !isFree || this.waiting > 0) return false;
    this.#extra.add(item);
    // Whoever is probed more often is failing, and may well time out again.
    this.#begin(item, place, { isSlow: true, isExtra: true }, dueSeconds);
    return true;
  }

  /**
   * A run that `start` began is over.
   *
   * @param isTimeout Undefined for one that was cut: it shows nothing, so the item is what it was.
   */
  ended(item: T, isTimeout: boolean | undefined): void {
    const run = this.#running.get(item);
    if (run === undefined) return;
    this.#running.delete(item);
    this.#extra.delete(item);
    if (run.isSlow) this.#slowRunning -= 1;
    const place = this.#places.get(item);
    if (place !== undefined) {
      const isLeaving = place.state === "left";
      if (isLeaving) this.#places.delete(item);
      else place.state = "idle";
      place.isSlow = isTimeout ?? place.isSlow;
      place.isPromoted = false;
      const held = place.heldDueSeconds;
      place.heldDueSeconds = undefined;
      if (held !== undefined && !isLeaving) this.due(item, held);
    }
    this.#fill();
  }

  /** Takes an item out. One that runs keeps its slot until it has ended. */
  remove(item: T): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#prompt.delete(item);
    this.#slow.delete(item);
    // Whoever removes it ends its run as well.
    this.#extra.delete(item);
    if (place.state === "running") place.state = "left";
    else this.#places.delete(item);
  }

  #placeOf(item: T): Place {
    const known = this.#places.get(item);
    if (known !== undefined) return known;
    const place: Place = {
      state: "idle",
      dueSeconds: 0,
      isSlow: false,
      isPromoted: false,
      heldDueSeconds: undefined,
    };
    this.#places.set(item, place);
    return place;
  }

  #fill(): void {
    while (this.#running.size < this.#limit) {
      const next = this.#next();
      if (next === undefined) return;
      const [item, place] = next;
      const isSlow = place.isSlow && !place.isPromoted;
      this.#begin(item, place, { isSlow, isExtra: false }, place.dueSeconds);
    }
  }

  #begin(item: T, place: Place, run: Run, dueSeconds: number): void {
    place.state = "running";
    this.#running.set(item, run);
    if (run.isSlow) this.#slowRunning += 1;
    this.#options.start(item, dueSeconds, run.isExtra);
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

  /** The oldest is the likeliest to be waiting for an answer that does not come. */
  #cutOldest(): void {
    for (const item of this.#extra) {
      this.#cut(item);
      return;
    }
  }

  #cut(item: T): void {
    if (this.#extra.delete(item)) this.#options.cut(item);
  }
}

function slowLimitOf(limit: number): number {
  return Math.max(1, Math.floor(limit * SLOW_SHARE));
}

export type ConcurrencyOptions<T> = {
  readonly limit: number;
  /** Must lead to one `ended`, not before it returns. */
  readonly start: (item: T, dueSeconds: number, isExtra: boolean) => void;
  /** Ends the extra run of an item as soon as can be; leads to its `ended`, not before it returns. */
  readonly cut: (item: T) => void;
  /** A due time met a running or a waiting one of the same item and was dropped. */
  readonly onMissed: (item: T) => void;
};

import { grown } from "./column.ts";

/** The wheel has slots of one millisecond and spans 16 s; later due times go round again. */
const SLOTS_PER_SECOND = 1000;
const WHEEL_SLOTS = 16_384;
const SLOT_MASK = WHEEL_SLOTS - 1;

/** A wake at 1000.13 s is slot 1,000,130 though the product in binary is a little less (a year has 3e10 slots). */
const ROUNDING_SLOTS = 1e-4;

/** About so many echoes leave together: fewer wake-ups, which cost more than packets (measured). */
const ECHOES_PER_TICK = 64;
const MIN_TICK_SECONDS = 0.001;
const MAX_TICK_SECONDS = 0.01;

/** An echo that would leave later than this may be dropped: a burst after a stall would measure itself. */
const MIN_LAG_LIMIT_SECONDS = 0.1;
const MAX_LAG_LIMIT_SECONDS = 1;

/** Takes the streams that are due, one call each. */
export type DueSink = {
  /** @param plannedSeconds When the grid had planned this echo; monotonic. */
  readonly due: (stream: number, plannedSeconds: number) => void;
};

/**
 * When each stream sends next. [hot]
 *
 * Problem: tens of thousands of due times, each changed once per echo, without a timer or a heap step each.
 * Assumption: nothing needs a due time finer than a millisecond; what leaves together costs less.
 * Layout: a hashed wheel of millisecond slots, doubly linked lists of streams through `next` and `previous`,
 * and a bitmap of slots in use, so that empty ones are passed 32 at a time.
 */
export class Plan {
  readonly #heads = new Int32Array(WHEEL_SLOTS).fill(-1);
  readonly #used = new Int32Array(WHEEL_SLOTS / 32);
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  /** Slot of a planned stream; −1 for one that is not planned. */
  #slot = new Int32Array(0);
  #dueSeconds = new Float64Array(0);
  /** The first millisecond that has not been walked. */
  #now: number;
  #tickSeconds = MAX_TICK_SECONDS;
  #lagLimitSeconds = MAX_LAG_LIMIT_SECONDS;
  #planned = 0;

  constructor(nowSeconds: number) {
    this.#now = Math.floor(nowSeconds * SLOTS_PER_SECOND);
  }

  reserve(streams: number): void {
    const have = this.#slot.length;
    if (have >= streams) return;
    this.#next = grown(this.#next, new Int32Array(streams));
    this.#previous = grown(this.#previous, new Int32Array(streams));
    this.#slot = grown(this.#slot, new Int32Array(streams).fill(-1, have));
    this.#dueSeconds = grown(this.#dueSeconds, new Float64Array(streams));
  }

  /** Sets how far apart wake-ups are: 64 ÷ (echoes per second), not under 1 ms nor over 10 ms. */
  setRate(echoesPerSecond: number): void {
    const wanted = ECHOES_PER_TICK / Math.max(echoesPerSecond, 1);
    const bounded = Math.min(Math.max(wanted, MIN_TICK_SECONDS), MAX_TICK_SECONDS);
    this.#tickSeconds = Math.round(bounded * SLOTS_PER_SECOND) / SLOTS_PER_SECOND;
    this.#lagLimitSeconds = Math.min(
      Math.max(wanted, MIN_LAG_LIMIT_SECONDS),
      MAX_LAG_LIMIT_SECONDS,
    );
  }

  /**
   * Whether an echo planned for `plannedSeconds` is too late to be sent at `nowSeconds`. At rates at which what is
   * due in a second is no more than leaves together anyhow, a second late is better than not sent.
   */
  isTooLate(plannedSeconds: number, nowSeconds: number): boolean {
    return nowSeconds - plannedSeconds > this.#lagLimitSeconds;
  }

  get tickSeconds(): number {
    return this.#tickSeconds;
  }

  /** Plans a stream; one that is planned already moves. */
  add(stream: number, dueSeconds: number): void {
    this.remove(stream);
    const millisecond = Math.max(Math.ceil(dueSeconds * SLOTS_PER_SECOND), this.#now);
    const slot = millisecond & SLOT_MASK;
    this.#dueSeconds[stream] = dueSeconds;
    const head = this.#heads[slot] ?? -1;
    this.#next[stream] = head;
    this.#previous[stream] = -1;
    if (head !== -1) this.#previous[head] = stream;
    this.#heads[slot] = stream;
    this.#slot[stream] = slot;
    this.#used[slot >>> 5] = (this.#used[slot >>> 5] ?? 0) | (1 << (slot & 31));
    this.#planned += 1;
  }

  remove(stream: number): void {
    const slot = this.#slot[stream] ?? -1;
    if (slot === -1) return;
    const next = this.#next[stream] ?? -1;
    const previous = this.#previous[stream] ?? -1;
    if (next !== -1) this.#previous[next] = previous;
    if (previous !== -1) this.#next[previous] = next;
    else {
      this.#heads[slot] = next;
      if (next === -1) this.#used[slot >>> 5] = (this.#used[slot >>> 5] ?? 0) & ~(1 << (slot & 31));
    }
    this.#slot[stream] = -1;
    this.#planned -= 1;
  }

  /**
   * When to wake for the next slot in use, on the grid of ticks; Infinity when nothing is planned.
   * A slot whose streams are due a turn later wakes for nothing, once in 16 s.
   */
  nextWakeSeconds(): number {
    if (this.#planned === 0) return Number.POSITIVE_INFINITY;
    const ahead = this.#slotsToNextUsed(this.#now);
    const millisecond = this.#now + ahead;
    return this.#onGrid(millisecond);
  }

  #onGrid(millisecond: number): number {
    const tick = this.#tickSeconds * SLOTS_PER_SECOND;
    return (Math.ceil(millisecond / tick) * tick) / SLOTS_PER_SECOND;
  }

  #slotsToNextUsed(millisecond: number): number {
    const start = millisecond & SLOT_MASK;
    let word = start >>> 5;
    // The first word without the slots before the start.
    let bits = (this.#used[word] ?? 0) & (-1 << (start & 31));
    for (let seen = 0; seen <= WHEEL_SLOTS / 32; seen += 1) {
      if (bits !== 0) {
        const lowest = 31 - Math.clz32(bits & -bits);
        return ((word << 5) + lowest - start + WHEEL_SLOTS) & SLOT_MASK;
      }
      word = (word + 1) & (WHEEL_SLOTS / 32 - 1);
      bits = this.#used[word] ?? 0;
    }
    return WHEEL_SLOTS;
  }

  /** Hands over every stream that is due by `nowSeconds`; each leaves the plan until it is added again. */
  takeDue(nowSeconds: number, sink: DueSink): void {
    const last = Math.floor(nowSeconds * SLOTS_PER_SECOND + ROUNDING_SLOTS);
    let at = Math.max(this.#now, last - WHEEL_SLOTS + 1);
    while (at <= last) {
      at += this.#slotsToNextUsed(at);
      if (at > last) break;
      // What the sink adds for this very millisecond belongs to the next one.
      this.#now = at + 1;
      this.#walk(at & SLOT_MASK, last, sink);
      at += 1;
    }
    this.#now = Math.max(this.#now, last + 1);
  }

  #walk(slot: number, last: number, sink: DueSink): void {
    let stream = this.#heads[slot] ?? -1;
    while (stream !== -1) {
      const next = this.#next[stream] ?? -1;
      const due = this.#dueSeconds[stream] ?? 0;
      const millisecond = Math.ceil(due * SLOTS_PER_SECOND);
      if (millisecond <= last) {
        this.remove(stream);
        sink.due(stream, this.#onGrid(millisecond));
      }
      stream = next;
    }
  }

  dueSecondsOf(stream: number): number {
    return this.#dueSeconds[stream] ?? 0;
  }
}

/**
 * The first time after `nowSeconds` on the grid `dueSeconds + n · intervalSeconds`, n ≥ 1: delays never
 * add up to drift, and what was missed is dropped.
 */
export function nextOnGridSeconds(
  dueSeconds: number,
  intervalSeconds: number,
  nowSeconds: number,
): number {
  const missed = Math.floor((nowSeconds - dueSeconds) / intervalSeconds);
  return dueSeconds + (Math.max(missed, 0) + 1) * intervalSeconds;
}

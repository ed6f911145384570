import { grown } from "./column.ts";

/** Sixteen identifiers of 65,536 sequence numbers each (RFC 792): a million echoes in flight. */
export const MAX_IDENTIFIERS = 16;
const SEQUENCES = 0x1_0000;

/** How far `take` looks for a free slot before it gives up: the rest is then full as well. */
const MAX_SEARCH = 4096;

/** Deadlines are looked at in steps of 4 ms; the wheel holds 16 s of them, later ones go round again. */
const TICKS_PER_SECOND = 250;
const WHEEL_BUCKETS = 4096;

// A zeroed slot never held an echo.
const FLYING = 1;
/** A late reply came, but the deadline has not been applied yet. */
const OVERDUE = 2;
const ANSWERED = 3;
const LOST = 4;
const ANSWERED_LATE = 5;
const UNSENT = 6;

/** What `match` says of a reply; each has a counter of its own. */
export const MATCH = { answered: 0, duplicate: 1, late: 2, foreign: 3 } as const;

/** What `take` gives when every slot is taken. */
export const NO_SLOT = -1;

/** Called for each echo whose deadline has passed without an answer. */
export type OnExpired = (slot: number) => void;

/**
 * Echo requests by slot, slot = (identifier − first identifier) · 65,536 + sequence. [hot]
 *
 * Problem: a reply must find its echo in constant time, deadlines must fall without a timer each, and a
 * reply that comes long after its deadline must still be known.
 * Assumption: slots are taken in turn, so the oldest is used again first; `reserve` makes the ring long
 * enough for every echo to be remembered for the time wanted.
 * Layout: columns by slot, 37 bytes each, and a hashed wheel of deadlines whose lists run through `next`.
 * An answered echo stays in its list until its deadline; a slot in a list is never taken again.
 * A stream is named by an opaque handle that is never 0, so a zeroed slot is free; whether the stream still
 * exists when its echo ends is its owner's question (`streams.ts`).
 */
export class InFlight {
  #slots = 0;
  #cursor = 0;
  #stream = new Uint32Array(0);
  #cookie = new Uint32Array(0);
  #state = new Uint8Array(0);
  #isQueued = new Uint8Array(0);
  #next = new Int32Array(0);
  #sentAtSeconds = new Float64Array(0);
  #timeoutSeconds = new Float32Array(0);
  #stampSeconds = new Uint32Array(0);
  #stampNanoseconds = new Uint32Array(0);
  #isKernelStamp = new Uint8Array(0);
  #batchMark = new Uint16Array(0);
  #reason = new Uint8Array(0);
  readonly #heads = new Int32Array(WHEEL_BUCKETS).fill(-1);
  /** The first tick whose bucket has not been walked. */
  #tick: number;
  #flying = 0;

  /** @param nowSeconds Monotonic time of the thread that uses the table. */
  constructor(nowSeconds: number) {
    this.#tick = Math.floor(nowSeconds * TICKS_PER_SECOND);
    this.reserve(SEQUENCES);
  }

  /** Echoes whose end is not known yet. */
  get flying(): number {
    return this.#flying;
  }

  get slots(): number {
    return this.#slots;
  }

  /**
   * Makes room for at least `slots` echoes at once, in whole identifiers, at most sixteen. Never shrinks.
   */
  reserve(slots: number): void {
    const identifiers = Math.min(Math.ceil(slots / SEQUENCES), MAX_IDENTIFIERS);
    const wanted = identifiers * SEQUENCES;
    if (wanted <= this.#slots) return;
    this.#stream = grown(this.#stream, new Uint32Array(wanted));
    this.#cookie = grown(this.#cookie, new Uint32Array(wanted));
    this.#state = grown(this.#state, new Uint8Array(wanted));
    this.#isQueued = grown(this.#isQueued, new Uint8Array(wanted));
    this.#next = grown(this.#next, new Int32Array(wanted));
    this.#sentAtSeconds = grown(this.#sentAtSeconds, new Float64Array(wanted));
    this.#timeoutSeconds = grown(this.#timeoutSeconds, new Float32Array(wanted));
    this.#stampSeconds = grown(this.#stampSeconds, new Uint32Array(wanted));
    this.#stampNanoseconds = grown(this.#stampNanoseconds, new Uint32Array(wanted));
    this.#isKernelStamp = grown(this.#isKernelStamp, new Uint8Array(wanted));
    this.#batchMark = grown(this.#batchMark, new Uint16Array(wanted));
    this.#reason = grown(this.#reason, new Uint8Array(wanted));
    this.#slots = wanted;
  }

  /**
   * Takes the next free slot for an echo that is about to be sent.
   *
   * @returns The slot, or `NO_SLOT` when the table is full of echoes whose deadline has not passed.
   */
  take(
    stream: number,
    cookie: number,
    sentAtSeconds: number,
    timeoutSeconds: number,
    batchMark: number,
  ): number {
    const slot = this.#findFree();
    if (slot === NO_SLOT) return NO_SLOT;
    this.#stream[slot] = stream;
    this.#cookie[slot] = cookie;
    this.#state[slot] = FLYING;
    this.#sentAtSeconds[slot] = sentAtSeconds;
    this.#timeoutSeconds[slot] = timeoutSeconds;
    this.#stampSeconds[slot] = 0;
    this.#stampNanoseconds[slot] = 0;
    this.#isKernelStamp[slot] = 0;
    this.#batchMark[slot] = batchMark;
    this.#reason[slot] = 0;
    this.#queue(slot, this.#deadlineTick(slot));
    this.#flying += 1;
    return slot;
  }

  #findFree(): number {
    const most = Math.min(MAX_SEARCH, this.#slots);
    for (let tried = 0; tried < most; tried += 1) {
      const slot = this.#cursor;
      this.#cursor = slot + 1 === this.#slots ? 0 : slot + 1;
      if (this.#isQueued[slot] === 0) return slot;
    }
    return NO_SLOT;
  }

  /** The tick at which the deadline has certainly passed. */
  #deadlineTick(slot: number): number {
    const deadline = (this.#sentAtSeconds[slot] ?? 0) + (this.#timeoutSeconds[slot] ?? 0);
    return Math.max(Math.ceil(deadline * TICKS_PER_SECOND), this.#tick);
  }

  #queue(slot: number, tick: number): void {
    const bucket = tick % WHEEL_BUCKETS;
    this.#next[slot] = this.#heads[bucket] ?? -1;
    this.#heads[bucket] = slot;
    this.#isQueued[slot] = 1;
  }

  /** The kernel refused the packet: its echo ends here, and a reply to it cannot be ours. @returns whether it was in flight. */
  refuse(slot: number): boolean {
    if (this.#state[slot] !== FLYING) return false;
    this.#state[slot] = UNSENT;
    this.#flying -= 1;
    return true;
  }

  /**
   * Notes the clock of the send call, which stands in until the kernel's transmit stamp comes.
   *
   * @param sentAtSeconds Monotonic. The timeout runs from here: a stall between `take` and the send call is not
   *   the reply's. The wheel looks at the deadline anew when it comes by.
   */
  sent(slot: number, seconds: number, nanoseconds: number, sentAtSeconds: number): void {
    this.#sentAtSeconds[slot] = sentAtSeconds;
    this.#stampSeconds[slot] = seconds;
    this.#stampNanoseconds[slot] = nanoseconds;
  }

  /** Notes the transmit stamp of an echo. @param seconds Unix time, with its nanoseconds apart. */
  stamp(slot: number, seconds: number, nanoseconds: number): void {
    if (slot >= this.#slots || this.#state[slot] !== FLYING) return;
    this.#stampSeconds[slot] = seconds;
    this.#stampNanoseconds[slot] = nanoseconds;
    this.#isKernelStamp[slot] = 1;
  }

  /** Notes what an ICMP error said; it counts only if no answer comes. @param reason From 1; 0 is none. @returns whether it is in flight. */
  explain(slot: number, reason: number): boolean {
    if (slot >= this.#slots || this.#state[slot] !== FLYING) return false;
    this.#reason[slot] = reason;
    return true;
  }

  /**
   * What a reply with the right address and payload is to its echo; ends the echo if it answers it.
   *
   * @param isInTime Whether its round-trip time is within the timeout. A reply that came too late leaves
   *   its echo to be lost at the deadline.
   * @returns One of `MATCH`.
   */
  match(slot: number, isInTime: boolean): number {
    switch (this.#state[slot] ?? 0) {
      case FLYING:
        if (!isInTime) {
          // The loss is counted when the deadline is applied, the lateness now.
          this.#state[slot] = OVERDUE;
          return MATCH.late;
        }
        this.#state[slot] = ANSWERED;
        this.#flying -= 1;
        return MATCH.answered;
      case LOST:
        this.#state[slot] = ANSWERED_LATE;
        return MATCH.late;
      case OVERDUE:
      case ANSWERED:
      case ANSWERED_LATE:
        return MATCH.duplicate;
      default:
        return MATCH.foreign;
    }
  }

  /**
   * Walks every deadline up to `nowSeconds`. Call it only when the socket has been drained: a reply that the
   * kernel holds is in time.
   */
  expire(nowSeconds: number, onExpired: OnExpired): void {
    const last = Math.floor(nowSeconds * TICKS_PER_SECOND);
    // After a stall of more than one turn every bucket has been seen.
    const first = Math.max(this.#tick, last - WHEEL_BUCKETS + 1);
    for (let tick = first; tick <= last; tick += 1) {
      this.#tick = tick + 1;
      this.#walk(tick % WHEEL_BUCKETS, last, onExpired);
    }
  }

  #walk(bucket: number, lastTick: number, onExpired: OnExpired): void {
    let slot = this.#heads[bucket] ?? -1;
    this.#heads[bucket] = -1;
    while (slot !== -1) {
      const next = this.#next[slot] ?? -1;
      const deadline = Math.ceil(
        ((this.#sentAtSeconds[slot] ?? 0) + (this.#timeoutSeconds[slot] ?? 0)) * TICKS_PER_SECOND,
      );
      if (deadline > lastTick) {
        this.#queue(slot, deadline);
      } else {
        const state = this.#state[slot];
        this.#isQueued[slot] = 0;
        if (state === FLYING || state === OVERDUE) {
          this.#state[slot] = state === FLYING ? LOST : ANSWERED_LATE;
          this.#flying -= 1;
          onExpired(slot);
        }
      }
      slot = next;
    }
  }

  /** Stream handle of a slot; 0 when it never held an echo. */
  streamOf(slot: number): number {
    return this.#stream[slot] ?? 0;
  }

  cookieOf(slot: number): number {
    return this.#cookie[slot] ?? 0;
  }

  batchMarkOf(slot: number): number {
    return this.#batchMark[slot] ?? 0;
  }

  /** From 1; 0 when no ICMP error came. */
  reasonOf(slot: number): number {
    return this.#reason[slot] ?? 0;
  }

  sentAtSecondsOf(slot: number): number {
    return this.#sentAtSeconds[slot] ?? 0;
  }

  timeoutSecondsOf(slot: number): number {
    return this.#timeoutSeconds[slot] ?? 0;
  }

  /** Whether the transmit stamp is the kernel's; else it is the send call's clock. */
  hasKernelStamp(slot: number): boolean {
    return this.#isKernelStamp[slot] === 1;
  }

  stampSecondsOf(slot: number): number {
    return this.#stampSeconds[slot] ?? 0;
  }

  stampNanosecondsOf(slot: number): number {
    return this.#stampNanoseconds[slot] ?? 0;
  }
}

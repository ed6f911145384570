import type { PacketSink, Transport } from "../transport.ts";
import { FAST_MARK } from "./batch-mark.ts";
import { Cookies } from "./cookies.ts";
import type { Endings } from "./endings.ts";
import type { FastPace } from "./fast-pace.ts";
import { type InFlight, NO_SLOT } from "./in-flight.ts";
import { LagTally } from "./lag-tally.ts";
import { nextOnGridSeconds, Plan } from "./plan.ts";
import type { Streams } from "./streams.ts";
import type { TickTime } from "./tick-time.ts";

/** The table is full: the program's own limit, told as the kernel would (ENOBUFS of Linux). */
const ENOBUFS = 105;

/** Sends what is due: the echoes of the grid, those of the fast pace, and one-shots at once. [hot] */
export class EchoSender {
  readonly #time: TickTime;
  readonly #transports: readonly Transport[];
  readonly #sink: PacketSink;
  readonly #streams: Streams;
  readonly #inFlight: InFlight;
  readonly #endings: Endings;
  readonly #pace: FastPace;
  readonly #cookies = new Cookies();
  readonly #lag = new LagTally();
  readonly #plan: Plan;
  #missedTicks = 0;

  constructor(options: {
    readonly time: TickTime;
    readonly transports: readonly Transport[];
    /** Told what became of the packets. */
    readonly sink: PacketSink;
    readonly streams: Streams;
    readonly inFlight: InFlight;
    readonly endings: Endings;
    readonly pace: FastPace;
  }) {
    this.#time = options.time;
    this.#transports = options.transports;
    this.#sink = options.sink;
    this.#streams = options.streams;
    this.#inFlight = options.inFlight;
    this.#endings = options.endings;
    this.#pace = options.pace;
    this.#plan = new Plan(options.time.nowSeconds);
  }

  reserve(rows: number): void {
    this.#plan.reserve(rows);
  }

  setRate(echoesPerSecond: number): void {
    this.#plan.setRate(echoesPerSecond);
    this.#pace.setRate(echoesPerSecond);
  }

  /** Puts a stream on the grid, or moves it there. @param phase 0 to 1 of its interval. */
  plan(stream: number, intervalSeconds: number, phase: number): void {
    this.#streams.skipBatch(stream);
    const now = this.#time.readSeconds();
    const base = Math.floor(now / intervalSeconds) * intervalSeconds;
    const due = base + phase * intervalSeconds;
    this.#plan.add(stream, due > now ? due : due + intervalSeconds);
  }

  remove(stream: number): void {
    this.#plan.remove(stream);
  }

  /** When something is due; Infinity when nothing is planned. */
  nextWakeSeconds(): number {
    return Math.min(this.#plan.nextWakeSeconds(), this.#pace.nextWakeSeconds());
  }

  /** One echo, now. */
  sendOneShot(stream: number): void {
    this.#send(stream, this.#streams.beginEcho(stream), this.#time.readSeconds());
    this.#transports[this.#streams.transportOf(stream)]?.flush(this.#sink);
  }

  sendFast(stream: number): void {
    this.#send(stream, FAST_MARK, this.#time.dueAtSeconds);
  }

  sendDue(): void {
    const time = this.#time;
    time.dueAtSeconds = time.readSeconds();
    this.#plan.takeDue(time.dueAtSeconds, this);
    this.#pace.sendDue(time.dueAtSeconds);
    time.sendCallSeconds = time.readSeconds();
    for (const transport of this.#transports) transport.flush(this.#sink);
  }

  due(stream: number, plannedSeconds: number): void {
    const now = this.#time.dueAtSeconds;
    const dueSeconds = this.#plan.dueSecondsOf(stream);
    if (this.#plan.isTooLate(plannedSeconds, now)) {
      this.#skip(stream, dueSeconds, now);
      return;
    }
    this.#lag.add(now - plannedSeconds);
    this.#send(stream, this.#streams.beginEcho(stream), now);
    this.#planNext(stream, dueSeconds, now);
  }

  #planNext(stream: number, dueSeconds: number, now: number): void {
    const spacing = this.#streams.spacingSecondsOf(stream);
    if (!this.#streams.isAtBatchEnd(stream)) {
      this.#plan.add(stream, dueSeconds + spacing);
      return;
    }
    const interval = this.#streams.intervalSecondsOf(stream);
    const first = dueSeconds - (this.#streams.echoesPerIntervalOf(stream) - 1) * spacing;
    this.#plan.add(stream, nextOnGridSeconds(first, interval, now));
  }

  /** A due time that a stall made too late is dropped, with the rest of its batch. */
  #skip(stream: number, dueSeconds: number, now: number): void {
    const interval = this.#streams.intervalSecondsOf(stream);
    const before = this.#streams.echoInBatchOf(stream);
    const first = dueSeconds - before * this.#streams.spacingSecondsOf(stream);
    const next = nextOnGridSeconds(first, interval, now);
    this.#missedTicks += Math.round((next - first) / interval);
    this.#streams.skipBatch(stream);
    this.#plan.add(stream, next);
  }

  #send(stream: number, mark: number, now: number): void {
    const streams = this.#streams;
    const transport = this.#transports[streams.transportOf(stream)];
    if (transport === undefined) return;
    const cookie = this.#cookies.next();
    const timeoutSeconds = streams.timeoutSecondsOf(stream);
    const handle = streams.handleOf(stream);
    const slot = this.#inFlight.take(handle, cookie, now, timeoutSeconds, mark);
    if (slot === NO_SLOT) {
      this.#endings.unsent(stream, mark, ENOBUFS);
      return;
    }
    // A full batch leaves before this echo is queued.
    this.#time.sendCallSeconds = now;
    transport.queue(
      streams.profileOf(stream),
      slot,
      timeoutSeconds,
      cookie,
      streams.payloadBytesOf(stream),
      streams.addresses,
      streams.addressWordOf(stream),
      this.#sink,
    );
  }

  get missedTicks(): number {
    return this.#missedTicks;
  }

  lagSnapshot(): ReturnType<LagTally["snapshot"]> {
    return this.#lag.snapshot();
  }
}

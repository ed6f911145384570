import type { Clock } from "../../runtime/clock.ts";
import type { AgentFault, FastPaceSettings } from "../echo.ts";
import type { Transport } from "../transport.ts";
import { EchoMatcher } from "./echo-matcher.ts";
import { EchoSender } from "./echo-sender.ts";
import { Endings, type OnFailure, type OnOneShotEnd } from "./endings.ts";
import { FailureNotes } from "./failure-notes.ts";
import { FastPace } from "./fast-pace.ts";
import { InFlight } from "./in-flight.ts";
import { SocketOverflow } from "./socket-overflow.ts";
import { StampShare } from "./stamp-share.ts";
import { type StandStill, StandStills } from "./stand-stills.ts";
import { type StreamSettings, Streams } from "./streams.ts";
import { SuspectShare } from "./suspect-share.ts";
import { Tally } from "./tally.ts";
import type { TallyColumns } from "./tally-layout.ts";
import { TickTime } from "./tick-time.ts";

/** How long a late reply is still known for what it is, after the longest deadline. */
const REMEMBERED_SECONDS = 12;

/** Everything the loop is told of a stream. */
export type LoopStream = StreamSettings & {
  /** 0 to 1 of the interval. */
  readonly phase: number;
  readonly lossWindowSeconds: number;
  readonly fast: FastPaceSettings | undefined;
  readonly bucketBoundsSeconds: readonly number[] | undefined;
};

/** What the loop saw of the machine it runs on. */
export type LoopEvent = StandStill | { readonly kind: "clock_step"; readonly seconds: number };

export type LoopOptions = {
  readonly clock: Clock;
  readonly transports: readonly Transport[];
  readonly maxFastEchoesPerSecond: number;
  /** How long the machine was suspended, ever; only differences count. */
  readonly suspendedSeconds: () => number;
  readonly onOneShotEnd: OnOneShotEnd;
  readonly onEvent: (event: LoopEvent) => void;
  readonly onFailure: OnFailure | undefined;
};

/**
 * The heart of the engine: sends what is due, matches what comes, applies deadlines. [hot]
 *
 * It knows transports and a clock, and no thread: whoever calls `tick` decides when. In each tick the error queue is
 * read first (transmit stamps must be there before their replies), then the socket, then deadlines fall, then due
 * echoes leave.
 */
export class EchoLoop {
  readonly #time: TickTime;
  readonly #transports: readonly Transport[];
  readonly #onEvent: (event: LoopEvent) => void;
  readonly #streams = new Streams();
  readonly #tally = new Tally();
  readonly #notes = new FailureNotes();
  readonly #suspects = new SuspectShare();
  readonly #inFlight: InFlight;
  readonly #overflow: SocketOverflow;
  readonly #standStills: StandStills;
  readonly #stamps: StampShare;
  readonly #pace: FastPace;
  readonly #matcher: EchoMatcher;
  readonly #sender: EchoSender;
  #echoesPerSecond = 0;
  #longestTimeoutSeconds = 0;
  #isRateStale = false;

  constructor(options: LoopOptions) {
    const { transports } = options;
    this.#transports = transports;
    this.#onEvent = options.onEvent;
    this.#time = new TickTime(options.clock);
    this.#inFlight = new InFlight(this.#time.nowSeconds);
    this.#overflow = new SocketOverflow(transports.map((transport) => transport.readDrops()));
    this.#standStills = new StandStills(options.suspendedSeconds);
    this.#stamps = new StampShare(
      transports.map((transport) => transport.figures().transmitStamp === "kernel"),
    );
    this.#pace = new FastPace({
      sink: {
        sendFast: (stream) => this.#sender.sendFast(stream),
        lossRatio: (stream, nowSeconds) => this.#tally.lossRatio(stream, nowSeconds),
        setFastProbing: (stream, isFast) => this.#tally.setFastProbing(stream, isFast),
      },
      budgetPerSecond: options.maxFastEchoesPerSecond,
      nowSeconds: this.#time.nowSeconds,
    });
    const shared = {
      time: this.#time,
      transports,
      streams: this.#streams,
      inFlight: this.#inFlight,
      tally: this.#tally,
      notes: this.#notes,
      pace: this.#pace,
    };
    const endings = new Endings({
      ...shared,
      suspects: this.#suspects,
      onOneShotEnd: options.onOneShotEnd,
      onFailure: options.onFailure,
    });
    this.#matcher = new EchoMatcher({
      ...shared,
      endings,
      overflow: this.#overflow,
      standStills: this.#standStills,
      stamps: this.#stamps,
    });
    this.#sender = new EchoSender({ ...shared, endings, sink: this.#matcher });
  }

  /** Makes room for streams up to `highest` at once. */
  reserve(highest: number): void {
    this.#streams.reserve(highest + 1);
    this.#tally.reserve(this.#streams.rows);
    this.#sender.reserve(this.#streams.rows);
    this.#pace.reserve(this.#streams.rows);
  }

  /** Adds a stream, or changes one that is there; its counters stay. */
  set(number: number, stream: LoopStream): void {
    const isNew = !this.#streams.has(number);
    const wasSending = !isNew && this.#streams.isSending(number);
    const isRetimed =
      this.#streams.intervalSecondsOf(number) !== stream.intervalSeconds ||
      this.#streams.echoesPerIntervalOf(number) !== stream.echoesPerInterval ||
      this.#streams.spacingSecondsOf(number) !== stream.echoSpacingSeconds;
    const { lossWindowSeconds, bucketBoundsSeconds } = stream;
    if (isNew) {
      this.reserve(number);
      this.#streams.add(number, stream);
      this.#tally.start(number, lossWindowSeconds, bucketBoundsSeconds);
      this.#notes.forget(number);
    } else {
      // What was said of another address explains nothing about this one.
      if (this.#streams.set(number, stream)) this.#notes.forget(number);
      this.#tally.retune(number, lossWindowSeconds, bucketBoundsSeconds);
    }
    if (!stream.isOneShot) this.#isRateStale = true;
    if (stream.address === undefined) {
      // An echo that is still in flight may be lost yet: that must not begin extra ones to nowhere.
      this.#pace.set(number, undefined, lossWindowSeconds);
      this.#sender.remove(number);
      return;
    }
    this.#transports[stream.transport]?.reservePayload(stream.payloadBytes);
    if (stream.isOneShot) {
      // No rate of its own, and there may be many a second: only what drops may be blamed for must last long enough.
      this.#longestTimeoutSeconds = Math.max(this.#longestTimeoutSeconds, stream.timeoutSeconds);
      this.#sender.sendOneShot(number);
      return;
    }
    this.#pace.set(number, stream.fast, lossWindowSeconds);
    if (!wasSending || isRetimed) {
      this.#sender.plan(number, stream.intervalSeconds, stream.phase);
    }
  }

  remove(number: number): void {
    if (!this.#streams.has(number)) return;
    if (!this.#streams.isOneShot(number)) this.#isRateStale = true;
    this.#pace.set(number, undefined, 0);
    this.#sender.remove(number);
    this.#streams.remove(number);
    this.#notes.forget(number);
  }

  /** Rate and longest timeout follow from the streams; done once for many changes. */
  #refreshRate(): void {
    this.#isRateStale = false;
    let rate = 0;
    let longest = 0;
    for (let number = 1; number <= this.#streams.highest; number += 1) {
      if (!this.#streams.has(number) || !this.#streams.isSending(number)) continue;
      longest = Math.max(longest, this.#streams.timeoutSecondsOf(number));
      if (this.#streams.isOneShot(number)) continue;
      rate += this.#streams.echoesPerIntervalOf(number) / this.#streams.intervalSecondsOf(number);
    }
    this.#echoesPerSecond = rate;
    this.#longestTimeoutSeconds = longest;
    this.#sender.setRate(rate);
    const mostPerSecond = rate + this.#pace.mostPerSecond;
    this.#inFlight.reserve(Math.ceil(mostPerSecond * (longest + REMEMBERED_SECONDS)));
  }

  /** When the next tick is wanted; Infinity when nothing is planned. */
  nextWakeSeconds(): number {
    return this.#sender.nextWakeSeconds();
  }

  /** Receive, expire, send. */
  tick(): void {
    if (this.#isRateStale) this.#refreshRate();
    this.#lookAtMachine();
    const isDrained = this.#matcher.drain();
    this.#noteDrops();
    if (isDrained) this.#matcher.expire();
    this.#sender.sendDue();
  }

  #lookAtMachine(): void {
    const time = this.#time;
    const step = time.begin();
    const stood = this.#standStills.look(time.previousSeconds, time.nowSeconds, step);
    if (stood !== undefined) this.#onEvent(stood);
    if (step !== 0 && stood?.kind !== "suspended") {
      this.#onEvent({ kind: "clock_step", seconds: step });
    }
  }

  /** Also while nothing is in flight: a drop seen later would be blamed for echoes sent after it. */
  #noteDrops(): void {
    if (this.#inFlight.flying === 0) this.#overflow.forget();
    const now = this.#time.readSeconds();
    for (let at = 0; at < this.#transports.length; at += 1) {
      const drops = this.#transports[at]?.readDrops() ?? -1;
      this.#overflow.note(at, drops, now, this.#longestTimeoutSeconds);
    }
  }

  /** RTT buckets that a block needs for each stream to take a copy. */
  get bucketCount(): number {
    return this.#tally.bucketCount;
  }

  /** Copies every row; call it between ticks. @returns the highest row. */
  copyTallies(to: TallyColumns): number {
    this.#tally.copyTo(to, this.#streams.highest, this.#time.readSeconds());
    return this.#streams.highest;
  }

  /** Why the last echoes of streams had no answer (`failure-notes.ts`). */
  failures(): Uint32Array {
    return this.#notes.list();
  }

  get highestStream(): number {
    return this.#streams.highest;
  }

  figures(): {
    readonly foreignPackets: number;
    readonly fastEchoesSkipped: number;
    readonly stampsMissing: number;
    readonly missedTicks: number;
    readonly echoesPerSecond: number;
    readonly longestTimeoutSeconds: number;
    readonly suspectCauses: readonly AgentFault[];
    /** Of each transport, in their order. */
    readonly stampSources: readonly ("kernel" | "send_call")[];
    readonly sendLag: { count: number; sumSeconds: number; buckets: Float64Array };
  } {
    if (this.#isRateStale) this.#refreshRate();
    return {
      foreignPackets: this.#matcher.foreignPackets,
      fastEchoesSkipped: this.#pace.skipped,
      stampsMissing: this.#stamps.missing,
      missedTicks: this.#sender.missedTicks,
      echoesPerSecond: this.#echoesPerSecond,
      longestTimeoutSeconds: this.#longestTimeoutSeconds,
      suspectCauses: this.#suspects.causes(this.#time.readSeconds()),
      stampSources: this.#transports.map((_, at) => this.#stamps.source(at)),
      sendLag: this.#sender.lagSnapshot(),
    };
  }
}

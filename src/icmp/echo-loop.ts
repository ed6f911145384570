import type { Clock } from "../runtime/clock.ts";
import { ClockSteps } from "./clock-steps.ts";
import { Cookies } from "./cookies.ts";
import {
  type AgentFault,
  type EchoOutcome,
  LOSS_REASONS,
  type LossExplanation,
  type LossReason,
} from "./echo.ts";
import { InFlight, MATCH, NO_SLOT } from "./in-flight.ts";
import { LagTally } from "./lag-tally.ts";
import { LossWindow } from "./loss-window.ts";
import { ICMP_HEADER_BYTES, internetChecksum, PAYLOAD, payloadVerdict } from "./packet.ts";
import { isTooLate, nextOnGridSeconds, Plan } from "./plan.ts";
import { SocketOverflow } from "./socket-overflow.ts";
import { type StreamSettings, Streams } from "./streams.ts";
import { Tally } from "./tally.ts";
import type { TallyColumns } from "./tally-layout.ts";
import { isSameAddress } from "./transport/socket-address.ts";
import type { PacketSink, Transport } from "./transport.ts";

/** How long a late reply is still known for what it is, after the longest deadline. */
const REMEMBERED_SECONDS = 12;

/** The measurement is suspect while more than this share of what ended within this time is. */
const MAX_SUSPECT_SHARE = 0.05;
const SUSPECT_WINDOW_SECONDS = 60;

/** The table is full: the program's own limit, told as the kernel would (ENOBUFS of Linux). */
const ENOBUFS = 105;

/** Told when a one-shot echo ends. */
export type OnOneShotEnd = (stream: number, outcome: EchoOutcome) => void;

/**
 * The heart of the engine: sends what is due, matches what comes, applies deadlines. [hot]
 *
 * It knows transports and a clock, and no thread: whoever calls `tick` decides when. In each tick the error queue is
 * read first (transmit stamps must be there before their replies), then the socket, then deadlines fall, then due
 * echoes leave. The time of a tick is taken before the socket is drained, so a reply that the kernel held is never
 * overtaken by its deadline.
 */
export class EchoLoop implements PacketSink {
  readonly #clock: Clock;
  readonly #transports: readonly Transport[];
  readonly #onOneShotEnd: OnOneShotEnd;
  readonly #errnoName: (errno: number) => string;
  readonly #streams = new Streams();
  readonly #tally = new Tally();
  readonly #cookies = new Cookies();
  readonly #lag = new LagTally();
  readonly #inFlight: InFlight;
  readonly #plan: Plan;
  readonly #steps: ClockSteps;
  readonly #overflow: SocketOverflow;
  /** Row 0: suspect echoes among all that ended. */
  readonly #suspects = new LossWindow();
  #nowSeconds: number;
  #wallSeconds: number;
  #echoesPerSecond = 0;
  #longestTimeoutSeconds = 0;
  #isRateStale = false;
  /** The transport whose replies are being read. */
  #current: Transport | undefined;
  #mayReadStampsAgain = false;
  /** Read last before packets were handed to the kernel. */
  #sendCallSeconds: number;
  /** Read once for all streams that are due in a tick. */
  #dueAtSeconds = 0;
  #foreign = 0;
  #stampsMissing = 0;
  #missedTicks = 0;
  readonly #expired = (slot: number): void => this.#expire(slot);

  constructor(options: {
    readonly clock: Clock;
    readonly transports: readonly Transport[];
    readonly onOneShotEnd: OnOneShotEnd;
    readonly errnoName: (errno: number) => string;
  }) {
    this.#clock = options.clock;
    this.#transports = options.transports;
    this.#onOneShotEnd = options.onOneShotEnd;
    this.#errnoName = options.errnoName;
    this.#nowSeconds = options.clock.monotonicSeconds();
    this.#sendCallSeconds = this.#nowSeconds;
    this.#wallSeconds = options.clock.wallSeconds();
    this.#inFlight = new InFlight(this.#nowSeconds);
    this.#plan = new Plan(this.#nowSeconds);
    this.#steps = new ClockSteps(options.clock);
    this.#overflow = new SocketOverflow(
      options.transports.map((transport) => transport.readDrops()),
    );
    this.#suspects.reserve(1);
    this.#suspects.reset(0, SUSPECT_WINDOW_SECONDS);
  }

  /** Makes room for streams up to `highest` at once. */
  reserve(highest: number): void {
    this.#streams.reserve(highest + 1);
    this.#tally.reserve(this.#streams.rows);
    this.#plan.reserve(this.#streams.rows);
  }

  /** Adds a stream, or changes one that is there; its counters stay. @param phase 0 to 1 of the interval. */
  set(number: number, settings: StreamSettings, phase: number, lossWindowSeconds: number): void {
    const isNew = !this.#streams.has(number);
    const wasSending = !isNew && this.#streams.isSending(number);
    const isRetimed =
      this.#streams.intervalSecondsOf(number) !== settings.intervalSeconds ||
      this.#streams.echoesPerIntervalOf(number) !== settings.echoesPerInterval ||
      this.#streams.spacingSecondsOf(number) !== settings.echoSpacingSeconds;
    if (isNew) {
      this.#streams.add(number, settings);
      this.#tally.reserve(this.#streams.rows);
      this.#plan.reserve(this.#streams.rows);
      this.#tally.start(number, lossWindowSeconds);
    } else {
      this.#streams.set(number, settings);
      this.#tally.retune(number, lossWindowSeconds);
    }
    this.#isRateStale = true;
    if (settings.address === undefined) {
      this.#plan.remove(number);
    } else if (settings.isOneShot) {
      this.#transports[settings.transport]?.reservePayload(settings.payloadBytes);
      this.#send(number, this.#clock.monotonicSeconds());
    } else if (!wasSending || isRetimed) {
      this.#transports[settings.transport]?.reservePayload(settings.payloadBytes);
      this.#streams.skipBatch(number);
      const now = this.#clock.monotonicSeconds();
      const base = Math.floor(now / settings.intervalSeconds) * settings.intervalSeconds;
      const due = base + phase * settings.intervalSeconds;
      this.#plan.add(number, due > now ? due : due + settings.intervalSeconds);
    } else {
      this.#transports[settings.transport]?.reservePayload(settings.payloadBytes);
    }
  }

  remove(number: number): void {
    if (!this.#streams.has(number)) return;
    this.#plan.remove(number);
    this.#streams.remove(number);
    this.#isRateStale = true;
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
    this.#plan.setRate(rate);
    this.#inFlight.reserve(Math.ceil(rate * (longest + REMEMBERED_SECONDS)));
  }

  /** When the next tick is wanted; Infinity when nothing is planned. */
  nextWakeSeconds(): number {
    return this.#plan.nextWakeSeconds();
  }

  /** Receive, expire, send. */
  tick(): void {
    if (this.#isRateStale) this.#refreshRate();
    const now = this.#clock.monotonicSeconds();
    this.#nowSeconds = now;
    this.#wallSeconds = this.#steps.read(now);
    let isDrained = true;
    for (const transport of this.#transports) {
      this.#current = transport;
      this.#mayReadStampsAgain = true;
      transport.drainErrors(this);
      if (!transport.drainReplies(this)) isDrained = false;
    }
    this.#noteDrops();
    if (isDrained) this.#inFlight.expire(now, this.#expired);
    this.#dueAtSeconds = this.#clock.monotonicSeconds();
    this.#plan.takeDue(this.#dueAtSeconds, this);
    this.#sendCallSeconds = this.#clock.monotonicSeconds();
    for (const transport of this.#transports) transport.flush(this);
  }

  /** Also while nothing is in flight: a drop seen later would be blamed for echoes sent after it. */
  #noteDrops(): void {
    if (this.#inFlight.flying === 0) this.#overflow.forget();
    const now = this.#clock.monotonicSeconds();
    for (let at = 0; at < this.#transports.length; at += 1) {
      const drops = this.#transports[at]?.readDrops() ?? -1;
      this.#overflow.note(at, drops, now, this.#longestTimeoutSeconds);
    }
  }

  due(number: number, plannedSeconds: number): void {
    const now = this.#dueAtSeconds;
    const dueSeconds = this.#plan.dueSecondsOf(number);
    if (isTooLate(plannedSeconds, now)) {
      this.#skip(number, dueSeconds, now);
      return;
    }
    this.#lag.add(now - plannedSeconds);
    this.#send(number, now);
    this.#planNext(number, dueSeconds, now);
  }

  #planNext(number: number, dueSeconds: number, now: number): void {
    const spacing = this.#streams.spacingSecondsOf(number);
    if (!this.#streams.isAtBatchEnd(number)) {
      this.#plan.add(number, dueSeconds + spacing);
      return;
    }
    const interval = this.#streams.intervalSecondsOf(number);
    const first = dueSeconds - (this.#streams.echoesPerIntervalOf(number) - 1) * spacing;
    this.#plan.add(number, nextOnGridSeconds(first, interval, now));
  }

  /** A due time that a stall made too late is dropped, with the rest of its batch. */
  #skip(number: number, dueSeconds: number, now: number): void {
    const interval = this.#streams.intervalSecondsOf(number);
    const before = this.#streams.echoInBatchOf(number);
    const first = dueSeconds - before * this.#streams.spacingSecondsOf(number);
    const next = nextOnGridSeconds(first, interval, now);
    this.#missedTicks += Math.round((next - first) / interval);
    this.#streams.skipBatch(number);
    this.#plan.add(number, next);
  }

  #send(number: number, now: number): void {
    const streams = this.#streams;
    const transport = this.#transports[streams.transportOf(number)];
    if (transport === undefined) return;
    const mark = streams.beginEcho(number);
    const cookie = this.#cookies.next();
    const slot = this.#inFlight.take(
      streams.handleOf(number),
      cookie,
      now,
      streams.timeoutSecondsOf(number),
      mark,
    );
    if (slot === NO_SLOT) {
      this.#endUnsent(number, mark, ENOBUFS);
      return;
    }
    // A full batch leaves before this echo is queued.
    this.#sendCallSeconds = now;
    transport.queue(
      streams.profileOf(number),
      slot,
      streams.timeoutSecondsOf(number),
      cookie,
      streams.payloadBytesOf(number),
      streams.addresses,
      streams.addressWordOf(number),
      this,
    );
    if (streams.isOneShot(number)) transport.flush(this);
  }

  sent(slot: number, seconds: number, nanoseconds: number): void {
    this.#inFlight.sent(slot, seconds, nanoseconds, this.#sendCallSeconds);
  }

  unsent(slot: number, errno: number): void {
    const number = this.#streams.numberOf(this.#inFlight.streamOf(slot));
    this.#inFlight.refuse(slot);
    if (number !== 0) this.#endUnsent(number, this.#inFlight.batchMarkOf(slot), errno);
  }

  #endUnsent(number: number, mark: number, errno: number): void {
    if (this.#streams.isOneShot(number)) {
      this.#onOneShotEnd(number, { kind: "unsent", errno: this.#errnoName(errno) });
    } else {
      this.#tally.unsent(number, mark, this.#wallSeconds);
    }
  }

  transmitStamp(slot: number, seconds: number, nanoseconds: number): void {
    // A stamp from before its own send call belongs to another packet.
    const calledSeconds = this.#inFlight.stampSecondsOf(slot);
    const lead =
      seconds - calledSeconds + (nanoseconds - this.#inFlight.stampNanosecondsOf(slot)) * 1e-9;
    if (lead >= 0) this.#inFlight.stamp(slot, seconds, nanoseconds);
  }

  foreign(): void {
    this.#foreign += 1;
  }

  reply(
    packet: Uint8Array,
    message: number,
    bytes: number,
    slot: number,
    words: Uint32Array,
    addressWord: number,
    isChecked: boolean,
    hopLimit: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const number = this.#streamOf(slot);
    if (number === 0 || !this.#isFrom(number, words, addressWord)) {
      this.#foreign += 1;
      return;
    }
    const verdict = payloadVerdict(
      packet,
      message + ICMP_HEADER_BYTES,
      bytes - ICMP_HEADER_BYTES,
      this.#streams.payloadBytesOf(number),
      this.#inFlight.cookieOf(slot),
    );
    const isDamaged =
      verdict === PAYLOAD.damaged || (!isChecked && internetChecksum(packet, message, bytes) !== 0);
    if (isDamaged) this.#tally.corrupt(number);
    else if (verdict === PAYLOAD.ofAnotherEcho) this.#foreign += 1;
    else this.#accept(slot, number, hopLimit, seconds, nanoseconds);
  }

  /** The stream whose echo took this slot last; 0 for none, or one that is gone. */
  #streamOf(slot: number): number {
    if (slot < 0 || slot >= this.#inFlight.slots) return 0;
    return this.#streams.numberOf(this.#inFlight.streamOf(slot));
  }

  #isFrom(number: number, words: Uint32Array, addressWord: number): boolean {
    const at = this.#streams.addressWordOf(number);
    const isVersion6 = this.#current?.family === "ipv6";
    return (
      isSameAddress(isVersion6, words, addressWord, this.#streams.addresses, at) ||
      isSameAddress(isVersion6, words, addressWord, this.#streams.previousAddresses, at)
    );
  }

  #accept(
    slot: number,
    number: number,
    hopLimit: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    this.#match(slot, number, this.#rttSeconds(slot, seconds, nanoseconds), hopLimit);
  }

  answered(slot: number, rttSeconds: number, hopLimit: number): void {
    const number = this.#streamOf(slot);
    if (number === 0) this.#foreign += 1;
    else this.#match(slot, number, rttSeconds, hopLimit);
  }

  corrupted(slot: number): void {
    const number = this.#streamOf(slot);
    if (number === 0) this.#foreign += 1;
    else this.#tally.corrupt(number);
  }

  #match(slot: number, number: number, rttSeconds: number, hopLimit: number): void {
    const isInTime = rttSeconds <= this.#inFlight.timeoutSecondsOf(slot);
    const match = this.#inFlight.match(slot, isInTime);
    if (match === MATCH.answered) this.#answer(slot, number, rttSeconds, hopLimit);
    else if (match === MATCH.late) this.#tally.late(number);
    else if (match === MATCH.duplicate) this.#tally.duplicate(number);
    else this.#foreign += 1;
  }

  #answer(slot: number, number: number, rttSeconds: number, hopLimit: number): void {
    if (!this.#inFlight.hasKernelStamp(slot)) this.#stampsMissing += 1;
    if (this.#streams.isOneShot(number)) {
      this.#onOneShotEnd(number, {
        kind: "answered",
        rttSeconds,
        hopLimit: Number.isNaN(hopLimit) ? undefined : hopLimit,
      });
      return;
    }
    this.#suspects.add(0, this.#nowSeconds, false);
    this.#tally.answered(
      number,
      this.#inFlight.batchMarkOf(slot),
      rttSeconds,
      hopLimit,
      this.#inFlight.sentAtSecondsOf(slot),
      this.#nowSeconds,
      this.#wallSeconds,
    );
  }

  /**
   * Receive stamp less transmit stamp. Stamps are wall clock: when that was stepped, or their difference cannot
   * be, the monotonic time since the send call stands in.
   */
  #rttSeconds(slot: number, seconds: number, nanoseconds: number): number {
    const sentAtSeconds = this.#inFlight.sentAtSecondsOf(slot);
    if (seconds === 0 || this.#steps.isSteppedSince(sentAtSeconds)) {
      return this.#clock.monotonicSeconds() - sentAtSeconds;
    }
    // The stamp may have come since the error queue was read; where none ever come, once a tick is enough.
    if (this.#mayReadStampsAgain && !this.#inFlight.hasKernelStamp(slot)) {
      this.#mayReadStampsAgain = false;
      this.#current?.drainErrors(this);
    }
    // Whole nanoseconds until the last step: the number printed is then the shortest one of the difference.
    const rttNanoseconds =
      (seconds - this.#inFlight.stampSecondsOf(slot)) * 1e9 +
      (nanoseconds - this.#inFlight.stampNanosecondsOf(slot));
    const rtt = rttNanoseconds / 1e9;
    // The time of the tick is enough for nearly every reply; one that came since needs another look.
    if (rtt >= 0 && rtt <= this.#nowSeconds - sentAtSeconds) return rtt;
    const elapsed = this.#clock.monotonicSeconds() - sentAtSeconds;
    return rtt >= 0 && rtt <= elapsed ? rtt : elapsed;
  }

  icmpError(slot: number, words: Uint32Array, addressWord: number, reason: LossReason): void {
    const number = this.#streamOf(slot);
    if (number === 0 || !this.#isFrom(number, words, addressWord)) {
      this.#foreign += 1;
      return;
    }
    this.#inFlight.explain(slot, LOSS_REASONS.indexOf(reason) + 1);
  }

  #expire(slot: number): void {
    const number = this.#streams.numberOf(this.#inFlight.streamOf(slot));
    if (number === 0) return;
    const isOurFault =
      this.#inFlight.reasonOf(slot) === 0 &&
      this.#overflow.mayHaveEaten(
        this.#streams.transportOf(number),
        this.#inFlight.sentAtSecondsOf(slot),
      );
    if (this.#streams.isOneShot(number)) {
      this.#onOneShotEnd(
        number,
        isOurFault
          ? { kind: "suspect", cause: "socket_overflow" }
          : {
              kind: "lost",
              explanation: this.#explanationOf(slot),
            },
      );
      return;
    }
    const mark = this.#inFlight.batchMarkOf(slot);
    this.#suspects.add(0, this.#nowSeconds, isOurFault);
    if (isOurFault) this.#tally.suspect(number, mark, this.#wallSeconds);
    else {
      const reason = this.#inFlight.reasonOf(slot) - 1;
      this.#tally.lost(number, mark, reason, this.#nowSeconds, this.#wallSeconds);
    }
  }

  #explanationOf(slot: number): LossExplanation | undefined {
    const reason = LOSS_REASONS[this.#inFlight.reasonOf(slot) - 1];
    return reason === undefined ? undefined : { reason, reportedBy: undefined };
  }

  /** Copies every row; call it between ticks. @returns the highest row. */
  copyTallies(to: TallyColumns): number {
    this.#tally.copyTo(to, this.#streams.highest, this.#clock.monotonicSeconds());
    return this.#streams.highest;
  }

  get highestStream(): number {
    return this.#streams.highest;
  }

  figures(): {
    readonly foreignPackets: number;
    readonly stampsMissing: number;
    readonly missedTicks: number;
    readonly echoesPerSecond: number;
    readonly longestTimeoutSeconds: number;
    readonly suspectCauses: readonly AgentFault[];
    readonly sendLag: { count: number; sumSeconds: number; buckets: Float64Array };
  } {
    return {
      foreignPackets: this.#foreign,
      stampsMissing: this.#stampsMissing,
      missedTicks: this.#missedTicks,
      echoesPerSecond: this.#echoesPerSecond,
      longestTimeoutSeconds: this.#longestTimeoutSeconds,
      suspectCauses:
        this.#suspects.ratio(0, this.#clock.monotonicSeconds()) > MAX_SUSPECT_SHARE
          ? ["socket_overflow"]
          : [],
      sendLag: this.#lag.snapshot(),
    };
  }
}

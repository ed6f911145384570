import { LOSS_REASONS, type LossReason } from "../echo.ts";
import { ICMP_HEADER_BYTES, internetChecksum, PAYLOAD, payloadVerdict } from "../packet.ts";
import { isVersion6Address } from "../transport/address-words.ts";
import { isSameAddress } from "../transport/socket-address.ts";
import type { PacketSink, Transport } from "../transport.ts";
import { FAST_MARK } from "./batch-mark.ts";
import type { Endings } from "./endings.ts";
import type { FailureNotes } from "./failure-notes.ts";
import { type InFlight, MATCH } from "./in-flight.ts";
import type { SocketOverflow } from "./socket-overflow.ts";
import type { StampShare } from "./stamp-share.ts";
import type { StandStills } from "./stand-stills.ts";
import type { Streams } from "./streams.ts";
import type { Tally } from "./tally.ts";
import type { TickTime } from "./tick-time.ts";

/**
 * Brings together what was sent and what came: which echo a reply belongs to, how long it took, and what an echo
 * without one is. [hot]
 */
export class EchoMatcher implements PacketSink {
  readonly #time: TickTime;
  readonly #transports: readonly Transport[];
  readonly #streams: Streams;
  readonly #inFlight: InFlight;
  readonly #tally: Tally;
  readonly #endings: Endings;
  readonly #notes: FailureNotes;
  readonly #overflow: SocketOverflow;
  readonly #standStills: StandStills;
  readonly #stamps: StampShare;
  /** Index of the transport whose packets are being read. */
  #current = 0;
  #mayReadStampsAgain = false;
  #foreign = 0;
  readonly #expired = (slot: number): void => this.#expire(slot);

  constructor(options: {
    readonly time: TickTime;
    readonly transports: readonly Transport[];
    readonly streams: Streams;
    readonly inFlight: InFlight;
    readonly tally: Tally;
    readonly endings: Endings;
    readonly notes: FailureNotes;
    readonly overflow: SocketOverflow;
    readonly standStills: StandStills;
    readonly stamps: StampShare;
  }) {
    this.#time = options.time;
    this.#transports = options.transports;
    this.#streams = options.streams;
    this.#inFlight = options.inFlight;
    this.#tally = options.tally;
    this.#endings = options.endings;
    this.#notes = options.notes;
    this.#overflow = options.overflow;
    this.#standStills = options.standStills;
    this.#stamps = options.stamps;
  }

  /** Reads all that came. @returns false when there was so much of it that some is left: apply no deadline then. */
  drain(): boolean {
    let isDrained = true;
    for (let at = 0; at < this.#transports.length; at += 1) {
      const transport = this.#transports[at];
      if (transport === undefined) continue;
      this.#current = at;
      this.#mayReadStampsAgain = true;
      transport.drainErrors(this);
      if (!transport.drainReplies(this)) isDrained = false;
    }
    return isDrained;
  }

  /** Ends every echo whose deadline has passed. */
  expire(): void {
    this.#inFlight.expire(this.#time.nowSeconds, this.#expired);
  }

  sent(slot: number, seconds: number, nanoseconds: number): void {
    this.#inFlight.sent(slot, seconds, nanoseconds, this.#time.sendCallSeconds);
  }

  unsent(slot: number, errno: number): void {
    const stream = this.#streamOf(slot);
    const wasInFlight = this.#inFlight.refuse(slot);
    this.#notes.takeReporter(slot);
    if (wasInFlight && stream !== 0)
      this.#endings.unsent(stream, this.#inFlight.batchMarkOf(slot), errno);
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
    const stream = this.#streamOf(slot);
    if (stream === 0 || !this.#isFrom(stream, words, addressWord)) {
      this.#foreign += 1;
      return;
    }
    const verdict = payloadVerdict(
      packet,
      message + ICMP_HEADER_BYTES,
      bytes - ICMP_HEADER_BYTES,
      this.#streams.payloadBytesOf(stream),
      this.#inFlight.cookieOf(slot),
    );
    const isDamaged =
      verdict === PAYLOAD.damaged || (!isChecked && internetChecksum(packet, message, bytes) !== 0);
    if (isDamaged) this.#countCorrupt(slot, stream);
    else if (verdict === PAYLOAD.ofAnotherEcho) this.#foreign += 1;
    else this.#accept(slot, stream, hopLimit, seconds, nanoseconds);
  }

  /** The stream whose echo took this slot last; 0 for none, or one that is gone. */
  #streamOf(slot: number): number {
    if (slot < 0 || slot >= this.#inFlight.slots) return 0;
    return this.#streams.numberOf(this.#inFlight.streamOf(slot));
  }

  #isFrom(stream: number, words: Uint32Array, addressWord: number): boolean {
    const at = this.#streams.addressWordOf(stream);
    // A socket address says itself of which family it is: errors are also read while another transport sends.
    const isVersion6 = isVersion6Address(words, addressWord);
    return (
      isSameAddress(isVersion6, words, addressWord, this.#streams.addresses, at) ||
      isSameAddress(isVersion6, words, addressWord, this.#streams.previousAddresses, at)
    );
  }

  #accept(
    slot: number,
    stream: number,
    hopLimit: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const sentAtSeconds = this.#inFlight.sentAtSecondsOf(slot);
    const isStepped = this.#time.isSteppedSince(sentAtSeconds);
    if (seconds === 0 || isStepped) {
      const elapsed = this.#time.readSeconds() - sentAtSeconds;
      const isUnsure = isStepped && elapsed > this.#inFlight.timeoutSecondsOf(slot);
      if (isUnsure && this.#cameSinceLastTick(slot)) this.#endUnsure(slot, stream);
      else this.#match(slot, stream, elapsed, hopLimit);
      if (!isStepped) this.#stamps.add(this.#current, false);
      return;
    }
    const rttSeconds = this.#stampedSeconds(slot, sentAtSeconds, seconds, nanoseconds);
    this.#stamps.add(this.#current, this.#inFlight.hasKernelStamp(slot));
    this.#match(slot, stream, rttSeconds, hopLimit);
  }

  /** Whether the deadline had not passed when the socket was read last. */
  #cameSinceLastTick(slot: number): boolean {
    const deadline = this.#inFlight.sentAtSecondsOf(slot) + this.#inFlight.timeoutSecondsOf(slot);
    return this.#time.previousSeconds <= deadline;
  }

  /**
   * The clock was stepped over the echo, so its stamps say nothing, and the reply lay in the socket while the
   * deadline passed: nobody knows on which side of it.
   */
  #endUnsure(slot: number, stream: number): void {
    const match = this.#inFlight.match(slot, true);
    if (match === MATCH.answered) this.#endings.suspect(slot, stream, "clock_step");
    else this.#countUnmatched(match, slot, stream);
  }

  /**
   * Receive stamp less transmit stamp. Where their difference cannot be, the monotonic time since the send call
   * stands in.
   */
  #stampedSeconds(
    slot: number,
    sentAtSeconds: number,
    seconds: number,
    nanoseconds: number,
  ): number {
    // The stamp may have come since the error queue was read; where none ever come, once a tick is enough.
    if (this.#mayReadStampsAgain && !this.#inFlight.hasKernelStamp(slot)) {
      this.#mayReadStampsAgain = false;
      this.#transports[this.#current]?.drainErrors(this);
    }
    // Whole nanoseconds until the last step: the number printed is then the shortest one of the difference.
    const rttNanoseconds =
      (seconds - this.#inFlight.stampSecondsOf(slot)) * 1e9 +
      (nanoseconds - this.#inFlight.stampNanosecondsOf(slot));
    const rtt = rttNanoseconds / 1e9;
    // The time of the tick is enough for nearly every reply; one that came since needs another look.
    if (rtt >= 0 && rtt <= this.#time.nowSeconds - sentAtSeconds) return rtt;
    const elapsed = this.#time.readSeconds() - sentAtSeconds;
    return rtt >= 0 && rtt <= elapsed ? rtt : elapsed;
  }

  answered(slot: number, rttSeconds: number, hopLimit: number): void {
    const stream = this.#streamOf(slot);
    if (stream === 0) this.#foreign += 1;
    else this.#match(slot, stream, rttSeconds, hopLimit);
  }

  corrupted(slot: number): void {
    const stream = this.#streamOf(slot);
    if (stream === 0) this.#foreign += 1;
    else this.#countCorrupt(slot, stream);
  }

  #match(slot: number, stream: number, rttSeconds: number, hopLimit: number): void {
    const isInTime = rttSeconds <= this.#inFlight.timeoutSecondsOf(slot);
    const match = this.#inFlight.match(slot, isInTime);
    if (match === MATCH.answered) this.#endings.answered(slot, stream, rttSeconds, hopLimit);
    else this.#countUnmatched(match, slot, stream);
  }

  #countCorrupt(slot: number, stream: number): void {
    if (!this.#isFast(slot)) this.#tally.corrupt(stream);
  }

  /** Of fast echoes nothing but their end is counted: they sample bad minutes more densely. */
  #isFast(slot: number): boolean {
    return this.#inFlight.batchMarkOf(slot) === FAST_MARK;
  }

  #countUnmatched(match: number, slot: number, stream: number): void {
    if (match === MATCH.foreign) this.#foreign += 1;
    else if (this.#isFast(slot)) return;
    else if (match === MATCH.late) this.#tally.late(stream);
    else this.#tally.duplicate(stream);
  }

  icmpError(
    slot: number,
    words: Uint32Array,
    addressWord: number,
    reason: LossReason,
    reporter: Uint32Array,
    reporterWord: number,
  ): void {
    const stream = this.#streamOf(slot);
    if (stream === 0 || !this.#isFrom(stream, words, addressWord)) {
      this.#foreign += 1;
      return;
    }
    if (!this.#inFlight.explain(slot, LOSS_REASONS.indexOf(reason) + 1)) return;
    this.#notes.reported(slot, reporter, reporterWord);
  }

  #expire(slot: number): void {
    const stream = this.#streamOf(slot);
    if (stream === 0) {
      this.#notes.takeReporter(slot);
      return;
    }
    const cause = this.#inFlight.reasonOf(slot) === 0 ? this.#ownFault(slot, stream) : undefined;
    if (cause === undefined) this.#endings.lost(slot, stream);
    else this.#endings.suspect(slot, stream, cause);
  }

  /** What of ours may have eaten the reply to an unanswered echo. */
  #ownFault(slot: number, stream: number): "socket_overflow" | "stopped" | undefined {
    const transport = this.#streams.transportOf(stream);
    const sentAtSeconds = this.#inFlight.sentAtSecondsOf(slot);
    if (this.#overflow.mayHaveEaten(transport, sentAtSeconds)) return "socket_overflow";
    const deadlineSeconds = sentAtSeconds + this.#inFlight.timeoutSecondsOf(slot);
    const areDropsCounted = this.#overflow.isCounted(transport);
    return this.#standStills.mayHaveEaten(sentAtSeconds, deadlineSeconds, areDropsCounted)
      ? "stopped"
      : undefined;
  }

  get foreignPackets(): number {
    return this.#foreign;
  }
}

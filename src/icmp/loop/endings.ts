import { type AgentFault, type EchoOutcome, LOSS_REASONS, type LossExplanation } from "../echo.ts";
import type { EchoFailure } from "../engine-contract.ts";
import type { InterfaceName } from "../transport/address-text.ts";
import { addressWordsText } from "../transport/address-words.ts";
import { errnoName } from "../transport/errno-name.ts";
import { FAST_MARK } from "./batch-mark.ts";
import type { FailureNotes } from "./failure-notes.ts";
import type { FastPace } from "./fast-pace.ts";
import type { InFlight } from "./in-flight.ts";
import type { Streams } from "./streams.ts";
import type { SuspectShare } from "./suspect-share.ts";
import type { Tally } from "./tally.ts";
import type { TickTime } from "./tick-time.ts";

/** Told when a one-shot echo ends. */
export type OnOneShotEnd = (stream: number, outcome: EchoOutcome) => void;

/** Told of each failure that somebody explained; for a log that is read at level debug. */
export type OnFailure = (stream: number, address: string, failure: EchoFailure) => void;

/**
 * What follows from the end of an echo, whichever it was: counts, the fast pace, notes for people, or the answer to
 * whoever waits for a one-shot. [hot]
 */
export class Endings {
  readonly #time: TickTime;
  readonly #streams: Streams;
  readonly #inFlight: InFlight;
  readonly #tally: Tally;
  readonly #suspects: SuspectShare;
  readonly #notes: FailureNotes;
  readonly #pace: FastPace;
  readonly #onOneShotEnd: OnOneShotEnd;
  readonly #onFailure: OnFailure | undefined;

  constructor(options: {
    readonly time: TickTime;
    readonly streams: Streams;
    readonly inFlight: InFlight;
    readonly tally: Tally;
    readonly suspects: SuspectShare;
    readonly notes: FailureNotes;
    readonly pace: FastPace;
    readonly onOneShotEnd: OnOneShotEnd;
    readonly onFailure: OnFailure | undefined;
  }) {
    this.#time = options.time;
    this.#streams = options.streams;
    this.#inFlight = options.inFlight;
    this.#tally = options.tally;
    this.#suspects = options.suspects;
    this.#notes = options.notes;
    this.#pace = options.pace;
    this.#onOneShotEnd = options.onOneShotEnd;
    this.#onFailure = options.onFailure;
  }

  /** @param hopLimit NaN when unknown. */
  answered(slot: number, stream: number, rttSeconds: number, hopLimit: number): void {
    this.#notes.takeReporter(slot);
    if (this.#streams.isOneShot(stream)) {
      this.#onOneShotEnd(stream, {
        kind: "answered",
        rttSeconds,
        hopLimit: Number.isNaN(hopLimit) ? undefined : hopLimit,
      });
      return;
    }
    const { nowSeconds, wallSeconds } = this.#time;
    const mark = this.#inFlight.batchMarkOf(slot);
    this.#suspects.addSound(nowSeconds);
    this.#notes.forget(stream);
    if (mark === FAST_MARK) {
      this.#tally.fastEnded(stream, false, nowSeconds);
      return;
    }
    const sentAtSeconds = this.#inFlight.sentAtSecondsOf(slot);
    this.#tally.answered(
      stream,
      mark,
      rttSeconds,
      hopLimit,
      sentAtSeconds,
      nowSeconds,
      wallSeconds,
    );
  }

  /** Its deadline passed, and nothing of ours can have eaten the reply. */
  lost(slot: number, stream: number): void {
    const reporter = this.#notes.takeReporter(slot);
    const reason = this.#inFlight.reasonOf(slot) - 1;
    if (this.#streams.isOneShot(stream)) {
      const explanation = explanationOf(reason, reporter);
      this.#onOneShotEnd(stream, { kind: "lost", explanation });
      return;
    }
    const { nowSeconds, wallSeconds } = this.#time;
    const mark = this.#inFlight.batchMarkOf(slot);
    this.#suspects.addSound(nowSeconds);
    if (mark === FAST_MARK) {
      this.#tally.fastEnded(stream, true, nowSeconds);
    } else {
      this.#tally.lost(stream, mark, reason, nowSeconds, wallSeconds);
      this.#pace.enter(stream, nowSeconds);
    }
    if (reason < 0) return;
    this.#notes.noteLost(stream, reason, reporter);
    if (this.#onFailure === undefined) return;
    const explanation = explanationOf(reason, reporter);
    if (explanation !== undefined) this.#tell(stream, { kind: "lost", explanation });
  }

  /** Unanswered, or answered at a time that cannot be known, by a fault of ours. */
  suspect(slot: number, stream: number, cause: AgentFault): void {
    this.#notes.takeReporter(slot);
    if (this.#streams.isOneShot(stream)) {
      this.#onOneShotEnd(stream, { kind: "suspect", cause });
      return;
    }
    const { nowSeconds, wallSeconds } = this.#time;
    const mark = this.#inFlight.batchMarkOf(slot);
    this.#suspects.addSuspect(cause, nowSeconds);
    if (mark !== FAST_MARK) this.#tally.suspect(stream, mark, wallSeconds);
  }

  /** The kernel, or the table's limit, refused to send. @param mark Of the echo's batch. */
  unsent(stream: number, mark: number, errno: number): void {
    if (this.#streams.isOneShot(stream)) {
      this.#onOneShotEnd(stream, { kind: "unsent", errno: errnoName(errno) });
      return;
    }
    if (mark !== FAST_MARK) this.#tally.unsent(stream, mark, this.#time.wallSeconds);
    this.#notes.noteUnsent(stream, errno);
    this.#tell(stream, { kind: "unsent", errno: errnoName(errno) });
  }

  #tell(stream: number, failure: EchoFailure): void {
    if (this.#onFailure === undefined) return;
    const address = addressWordsText(this.#streams.addresses, this.#streams.addressWordOf(stream));
    this.#onFailure(stream, address, failure);
  }
}

/** @param reason Index of the reason; below 0 for silence. */
export function explanationOf(
  reason: number,
  reporter: Uint32Array | undefined,
  interfaceName?: InterfaceName,
): LossExplanation | undefined {
  const known = LOSS_REASONS[reason];
  if (known === undefined) return undefined;
  const reportedBy =
    reporter === undefined ? undefined : addressWordsText(reporter, 0, interfaceName);
  return { reason: known, reportedBy };
}

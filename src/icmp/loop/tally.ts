import { bucketIndex, RTT_BOUNDS_SECONDS, RTT_BUCKET_COUNT } from "../../metrics/histogram.ts";
import { LOSS_REASONS } from "../echo.ts";
import { BATCH_NUMBERS } from "./batch-mark.ts";
import { grown, roomFor } from "./column.ts";
import { LossWindow } from "./loss-window.ts";
import { blockBytes, clearRow, columnsOf, copyRows, type TallyColumns } from "./tally-layout.ts";

/** Gain of the jitter's running mean. @see RFC 3550 section 6.4.1. */
const JITTER_GAIN = 1 / 16;

/**
 * What is counted for each stream. [hot]
 *
 * Row 0 is unused. Nothing here knows time but by argument: `nowSeconds` is monotonic, `wallSeconds` Unix time.
 */
export class Tally {
  #rows = 0;
  #columns: TallyColumns = columnsOf(new ArrayBuffer(blockBytes(0)));
  /** Numbers each stream has in column `rttBuckets`: of the longest list of bounds, and +Inf. */
  #bucketCount = RTT_BUCKET_COUNT;
  /** Lists of bounds that streams share; the first are the common ones. */
  readonly #bounds: (readonly number[])[] = [RTT_BOUNDS_SECONDS];
  #boundsOf = new Uint16Array(0);
  readonly #window = new LossWindow();
  /** When the newest answered echo had been sent, to know a reordered reply. */
  #newestAnsweredSentAt = new Float64Array(0);
  /** Number of the newest batch that had an answer; −1 when a newer one ended without. */
  #answeredBatch = new Int16Array(0);

  reserve(streams: number): void {
    if (streams <= this.#rows) return;
    const rows = roomFor(streams, this.#rows);
    this.#move(rows);
    this.#window.reserve(rows);
    this.#boundsOf = grown(this.#boundsOf, new Uint16Array(rows));
    this.#newestAnsweredSentAt = grown(this.#newestAnsweredSentAt, new Float64Array(rows));
    this.#answeredBatch = grown(this.#answeredBatch, new Int16Array(rows));
    this.#rows = rows;
  }

  #move(rows: number): void {
    const columns = columnsOf(
      new ArrayBuffer(blockBytes(rows, this.#bucketCount)),
      this.#bucketCount,
    );
    copyRows(this.#columns, columns, this.#rows);
    this.#columns = columns;
  }

  /** A block that takes a copy must have as many. */
  get bucketCount(): number {
    return this.#bucketCount;
  }

  /** A new stream: everything at zero or unknown. */
  start(
    stream: number,
    lossWindowSeconds: number,
    bounds: readonly number[] = RTT_BOUNDS_SECONDS,
  ): void {
    this.#boundsOf[stream] = this.#boundsNumber(bounds);
    clearRow(this.#columns, stream);
    this.#window.reset(stream, lossWindowSeconds);
    this.#newestAnsweredSentAt[stream] = 0;
    this.#answeredBatch[stream] = -1;
  }

  /** Counts go on, but for new bounds: what fell into the old buckets cannot be told apart, so all begins anew. */
  retune(
    stream: number,
    lossWindowSeconds: number,
    bounds: readonly number[] = RTT_BOUNDS_SECONDS,
  ): void {
    if (this.#boundsNumber(bounds) === this.#boundsOf[stream]) {
      this.#window.retune(stream, lossWindowSeconds);
    } else {
      this.start(stream, lossWindowSeconds, bounds);
    }
  }

  #boundsNumber(bounds: readonly number[]): number {
    const found = this.#bounds.findIndex(
      (known) =>
        known === bounds ||
        (known.length === bounds.length && known.every((bound, at) => bound === bounds[at])),
    );
    if (found !== -1) return found;
    if (bounds.length >= this.#bucketCount) {
      this.#bucketCount = bounds.length + 1;
      this.#move(this.#rows);
    }
    return this.#bounds.push(bounds) - 1;
  }

  /**
   * Every ending takes the mark of the echo's batch (`batchMark`). Deadlines fall in the order of sending, so a batch
   * without an answer has ended when its last echo has.
   */
  answered(
    stream: number,
    mark: number,
    rttSeconds: number,
    hopLimit: number,
    sentAtSeconds: number,
    nowSeconds: number,
    wallSeconds: number,
  ): void {
    const columns = this.#columns;
    increment(columns.echoes, stream);
    columns.rttSumSeconds[stream] = (columns.rttSumSeconds[stream] ?? 0) + rttSeconds;
    const bounds = this.#bounds[this.#boundsOf[stream] ?? 0] ?? RTT_BOUNDS_SECONDS;
    increment(columns.rttBuckets, stream * this.#bucketCount + bucketIndex(bounds, rttSeconds));
    if (sentAtSeconds < (this.#newestAnsweredSentAt[stream] ?? 0)) {
      increment(columns.reorderedReplies, stream);
    } else {
      this.#newestAnsweredSentAt[stream] = sentAtSeconds;
    }
    const last = columns.lastRttSeconds[stream] ?? Number.NaN;
    const jitter = columns.jitterSeconds[stream] ?? Number.NaN;
    if (!Number.isNaN(last)) {
      const step = Math.abs(rttSeconds - last);
      columns.jitterSeconds[stream] = Number.isNaN(jitter)
        ? step * JITTER_GAIN
        : jitter + (step - jitter) * JITTER_GAIN;
    }
    columns.lastRttSeconds[stream] = rttSeconds;
    columns.replyHopLimit[stream] = hopLimit;
    this.#window.add(stream, nowSeconds, false);
    if (!this.#isAnsweredSince(stream, mark)) this.#answeredBatch[stream] = mark >> 1;
    columns.up[stream] = 1;
    if ((mark & 1) === 1) columns.lastFinishedSeconds[stream] = wallSeconds;
  }

  /** @param reason Index in LOSS_REASONS; −1 for silence. */
  lost(
    stream: number,
    mark: number,
    reason: number,
    nowSeconds: number,
    wallSeconds: number,
  ): void {
    increment(this.#columns.echoes, stream);
    increment(this.#columns.lost, stream);
    if (reason >= 0) increment(this.#columns.lostByReason, stream * LOSS_REASONS.length + reason);
    this.#window.add(stream, nowSeconds, true);
    this.#endUnanswered(stream, mark, 0, wallSeconds);
  }

  unsent(stream: number, mark: number, wallSeconds: number): void {
    increment(this.#columns.unsent, stream);
    this.#endUnanswered(stream, mark, 0, wallSeconds);
  }

  suspect(stream: number, mark: number, wallSeconds: number): void {
    increment(this.#columns.suspect, stream);
    this.#endUnanswered(stream, mark, Number.NaN, wallSeconds);
  }

  /** An extra echo of the fast pace ended: counted apart, for it samples bad minutes more densely. */
  fastEnded(stream: number, isLost: boolean, nowSeconds: number): void {
    increment(this.#columns.fastEchoes, stream);
    if (isLost) increment(this.#columns.fastLost, stream);
    this.#window.add(stream, nowSeconds, isLost);
  }

  setFastProbing(stream: number, isFast: boolean): void {
    this.#columns.fastProbing[stream] = isFast ? 1 : 0;
  }

  /** Of grid and fast echoes in the loss window; NaN when none finished in it. */
  lossRatio(stream: number, nowSeconds: number): number {
    return this.#window.ratio(stream, nowSeconds);
  }

  late(stream: number): void {
    increment(this.#columns.lateReplies, stream);
  }

  duplicate(stream: number): void {
    increment(this.#columns.duplicateReplies, stream);
  }

  corrupt(stream: number): void {
    increment(this.#columns.corruptReplies, stream);
  }

  /** @param up What the stream is when its whole batch had no answer: 0, or NaN when that is suspect. */
  #endUnanswered(stream: number, mark: number, up: number, wallSeconds: number): void {
    if ((mark & 1) === 0) return;
    const columns = this.#columns;
    columns.lastFinishedSeconds[stream] = wallSeconds;
    if (this.#isAnsweredSince(stream, mark)) return;
    columns.up[stream] = up;
    // Its number would seem new again when numbers have come half round.
    this.#answeredBatch[stream] = -1;
    // The gauges of the latest answers are absent after a failed probe; the jitter begins anew.
    columns.lastRttSeconds[stream] = Number.NaN;
    columns.jitterSeconds[stream] = Number.NaN;
    columns.replyHopLimit[stream] = Number.NaN;
  }

  /** Whether the batch of the mark, or a newer one, had an answer. */
  #isAnsweredSince(stream: number, mark: number): boolean {
    const answered = this.#answeredBatch[stream] ?? -1;
    const ahead = (answered - (mark >> 1) + BATCH_NUMBERS) % BATCH_NUMBERS;
    return answered >= 0 && ahead < BATCH_NUMBERS / 2;
  }

  /** Copies rows 0 to `highest` into `to`, with the loss ratios as they are now. */
  copyTo(to: TallyColumns, highest: number, nowSeconds: number): void {
    for (let stream = 1; stream <= highest; stream += 1) {
      this.#columns.lossRatio[stream] = this.#window.ratio(stream, nowSeconds);
    }
    copyRows(this.#columns, to, highest + 1);
  }
}

function increment(column: Float64Array, at: number): void {
  column[at] = (column[at] ?? 0) + 1;
}

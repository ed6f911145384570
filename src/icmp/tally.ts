import { bucketIndex, RTT_BOUNDS_SECONDS, RTT_BUCKET_COUNT } from "../metrics/histogram.ts";
import { grown, roomFor } from "./column.ts";
import { LOSS_REASONS } from "./echo.ts";
import { LossWindow } from "./loss-window.ts";
import { blockBytes, clearRow, columnsOf, copyRows, type TallyColumns } from "./tally-layout.ts";

/** Gain of the jitter's running mean. @see RFC 3550 section 6.4.1. */
const JITTER_GAIN = 1 / 16;

/** Batches of echoes a stream may have unfinished at once and still be told apart. */
const BATCHES = 2;

/**
 * What is counted for each stream. [hot]
 *
 * Row 0 is unused. Nothing here knows time but by argument: `nowSeconds` is monotonic, `wallSeconds` Unix time.
 */
export class Tally {
  #rows = 0;
  #columns: TallyColumns = columnsOf(new ArrayBuffer(blockBytes(0)));
  readonly #window = new LossWindow();
  /** When the newest answered echo had been sent, to know a reordered reply. */
  #newestAnsweredSentAt = new Float64Array(0);
  #batchNumber = new Uint8Array(0);
  #batchLeft = new Uint8Array(0);
  #batchAnswered = new Uint8Array(0);
  #batchSuspect = new Uint8Array(0);

  reserve(streams: number): void {
    if (streams <= this.#rows) return;
    const rows = roomFor(streams, this.#rows);
    const columns = columnsOf(new ArrayBuffer(blockBytes(rows)));
    copyRows(this.#columns, columns, this.#rows);
    this.#columns = columns;
    this.#window.reserve(rows);
    this.#newestAnsweredSentAt = grown(this.#newestAnsweredSentAt, new Float64Array(rows));
    this.#batchNumber = grown(this.#batchNumber, new Uint8Array(rows * BATCHES));
    this.#batchLeft = grown(this.#batchLeft, new Uint8Array(rows * BATCHES));
    this.#batchAnswered = grown(this.#batchAnswered, new Uint8Array(rows * BATCHES));
    this.#batchSuspect = grown(this.#batchSuspect, new Uint8Array(rows * BATCHES));
    this.#rows = rows;
  }

  /** A new stream: everything at zero or unknown. */
  start(stream: number, lossWindowSeconds: number): void {
    clearRow(this.#columns, stream);
    this.#window.reset(stream, lossWindowSeconds);
    this.#newestAnsweredSentAt[stream] = 0;
    this.#batchLeft.fill(0, stream * BATCHES, (stream + 1) * BATCHES);
  }

  retune(stream: number, lossWindowSeconds: number): void {
    this.#window.retune(stream, lossWindowSeconds);
  }

  /** A batch of `echoes` begins. @param batch Its number, 0 to 255, one more than the last one's. */
  startBatch(stream: number, batch: number, echoes: number): void {
    const at = stream * BATCHES + (batch % BATCHES);
    this.#batchNumber[at] = batch;
    this.#batchLeft[at] = echoes;
    this.#batchAnswered[at] = 0;
    this.#batchSuspect[at] = 0;
  }

  answered(
    stream: number,
    batch: number,
    rttSeconds: number,
    hopLimit: number,
    sentAtSeconds: number,
    nowSeconds: number,
    wallSeconds: number,
  ): void {
    const columns = this.#columns;
    increment(columns.echoes, stream);
    columns.rttSumSeconds[stream] = (columns.rttSumSeconds[stream] ?? 0) + rttSeconds;
    increment(
      columns.rttBuckets,
      stream * RTT_BUCKET_COUNT + bucketIndex(RTT_BOUNDS_SECONDS, rttSeconds),
    );
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
    this.#finish(stream, batch, 1, 0, wallSeconds);
  }

  /** @param reason Index in LOSS_REASONS; −1 for silence. */
  lost(
    stream: number,
    batch: number,
    reason: number,
    nowSeconds: number,
    wallSeconds: number,
  ): void {
    increment(this.#columns.echoes, stream);
    increment(this.#columns.lost, stream);
    if (reason >= 0) increment(this.#columns.lostByReason, stream * LOSS_REASONS.length + reason);
    this.#window.add(stream, nowSeconds, true);
    this.#forgetAnswer(stream);
    this.#finish(stream, batch, 0, 0, wallSeconds);
  }

  unsent(stream: number, batch: number, wallSeconds: number): void {
    increment(this.#columns.unsent, stream);
    this.#forgetAnswer(stream);
    this.#finish(stream, batch, 0, 0, wallSeconds);
  }

  suspect(stream: number, batch: number, wallSeconds: number): void {
    increment(this.#columns.suspect, stream);
    this.#finish(stream, batch, 0, 1, wallSeconds);
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

  /** The gauges of the latest answers are absent after a failed probe; the jitter begins anew. */
  #forgetAnswer(stream: number): void {
    this.#columns.lastRttSeconds[stream] = Number.NaN;
    this.#columns.jitterSeconds[stream] = Number.NaN;
    this.#columns.replyHopLimit[stream] = Number.NaN;
  }

  #finish(
    stream: number,
    batch: number,
    answered: number,
    suspect: number,
    wallSeconds: number,
  ): void {
    const at = stream * BATCHES + (batch % BATCHES);
    // An echo of a batch that was overtaken twice says nothing about the last one.
    if (this.#batchNumber[at] !== batch || (this.#batchLeft[at] ?? 0) === 0) return;
    this.#batchLeft[at] = (this.#batchLeft[at] ?? 0) - 1;
    this.#batchAnswered[at] = (this.#batchAnswered[at] ?? 0) + answered;
    this.#batchSuspect[at] = (this.#batchSuspect[at] ?? 0) + suspect;
    if (this.#batchLeft[at] !== 0) return;
    this.#columns.lastFinishedSeconds[stream] = wallSeconds;
    const isUp = (this.#batchAnswered[at] ?? 0) > 0;
    const isUnknown = !isUp && (this.#batchSuspect[at] ?? 0) > 0;
    this.#columns.up[stream] = isUnknown ? Number.NaN : isUp ? 1 : 0;
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

import { RTT_BUCKET_COUNT } from "../metrics/histogram.ts";
import { LOSS_REASONS } from "./echo.ts";

/**
 * Columns of the tallies, in the order in which they lie in one block of doubles, with the numbers each
 * stream has in a column. Both threads read this table, so that the block needs no description.
 */
export const TALLY_WIDTHS = {
  echoes: 1,
  lost: 1,
  unsent: 1,
  suspect: 1,
  lateReplies: 1,
  duplicateReplies: 1,
  reorderedReplies: 1,
  corruptReplies: 1,
  lostByReason: LOSS_REASONS.length,
  rttSumSeconds: 1,
  rttBuckets: RTT_BUCKET_COUNT,
  lastRttSeconds: 1,
  jitterSeconds: 1,
  replyHopLimit: 1,
  lossRatio: 1,
  up: 1,
  lastFinishedSeconds: 1,
} as const;

export type TallyColumn = keyof typeof TALLY_WIDTHS;
export type TallyColumns = Readonly<Record<TallyColumn, Float64Array>>;

const COLUMNS = Object.entries(TALLY_WIDTHS) as readonly (readonly [TallyColumn, number])[];
const DOUBLES_PER_STREAM = COLUMNS.reduce((sum, [, width]) => sum + width, 0);

/** Two words in front of a shared block: the sequence word, and one so that doubles stay aligned. */
export const BLOCK_HEADER_BYTES = 8;

/** Bytes of a block of `streams` rows. */
export function blockBytes(streams: number): number {
  return BLOCK_HEADER_BYTES + streams * DOUBLES_PER_STREAM * Float64Array.BYTES_PER_ELEMENT;
}

/** Views of the columns of a block; the number of rows follows from its size. */
export function columnsOf(block: ArrayBuffer | SharedArrayBuffer): TallyColumns {
  const doubles = (block.byteLength - BLOCK_HEADER_BYTES) / Float64Array.BYTES_PER_ELEMENT;
  const streams = Math.floor(doubles / DOUBLES_PER_STREAM);
  let offset = BLOCK_HEADER_BYTES;
  const views: [TallyColumn, Float64Array][] = [];
  for (const [name, width] of COLUMNS) {
    views.push([name, new Float64Array(block, offset, streams * width)]);
    offset += streams * width * Float64Array.BYTES_PER_ELEMENT;
  }
  return Object.fromEntries(views) as TallyColumns;
}

/** Copies the first `streams` rows of every column. */
export function copyRows(from: TallyColumns, to: TallyColumns, streams: number): void {
  for (const [name, width] of COLUMNS) to[name].set(from[name].subarray(0, streams * width));
}

/** Zeroes the row of a stream; what is unknown at first becomes NaN. */
export function clearRow(columns: TallyColumns, stream: number): void {
  for (const [name, width] of COLUMNS) {
    columns[name].fill(
      isUnknownAtFirst(name) ? Number.NaN : 0,
      stream * width,
      (stream + 1) * width,
    );
  }
}

function isUnknownAtFirst(name: TallyColumn): boolean {
  switch (name) {
    case "lastRttSeconds":
    case "jitterSeconds":
    case "replyHopLimit":
    case "lossRatio":
    case "up":
    case "lastFinishedSeconds":
      return true;
    case "echoes":
    case "lost":
    case "unsent":
    case "suspect":
    case "lateReplies":
    case "duplicateReplies":
    case "reorderedReplies":
    case "corruptReplies":
    case "lostByReason":
    case "rttSumSeconds":
    case "rttBuckets":
      return false;
  }
}

import { RTT_BUCKET_COUNT } from "../../metrics/histogram.ts";
import { LOSS_REASONS } from "../echo.ts";

/**
 * Columns of the tallies, in the order in which they lie in one block of doubles, with the numbers each
 * stream has in a column. Both threads read this table, so that a block needs no description but the number of its
 * RTT buckets: as many as the stream with the most has, never fewer than the common ones.
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
  fastEchoes: 1,
  fastLost: 1,
  fastProbing: 1,
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

const COLUMNS = Object.keys(TALLY_WIDTHS) as readonly TallyColumn[];
const DOUBLES_PER_STREAM = Object.values(TALLY_WIDTHS).reduce((sum, width) => sum + width, 0);

/** Numbers each stream has in a column of a block with so many RTT buckets a stream. */
export function columnWidth(name: TallyColumn, bucketCount: number): number {
  return name === "rttBuckets" ? bucketCount : TALLY_WIDTHS[name];
}

function doublesPerStream(bucketCount: number): number {
  return DOUBLES_PER_STREAM - TALLY_WIDTHS.rttBuckets + bucketCount;
}

/** Bytes of a block of `streams` rows. */
export function blockBytes(streams: number, bucketCount: number = RTT_BUCKET_COUNT): number {
  const doubles = streams * doublesPerStream(bucketCount);
  return doubles * Float64Array.BYTES_PER_ELEMENT;
}

/** Views of the columns of a block; the number of rows follows from its size. */
export function columnsOf(
  block: ArrayBuffer | SharedArrayBuffer,
  bucketCount: number = RTT_BUCKET_COUNT,
): TallyColumns {
  const doubles = block.byteLength / Float64Array.BYTES_PER_ELEMENT;
  const streams = Math.floor(doubles / doublesPerStream(bucketCount));
  let offset = 0;
  const views: [TallyColumn, Float64Array][] = [];
  for (const name of COLUMNS) {
    const width = columnWidth(name, bucketCount);
    views.push([name, new Float64Array(block, offset, streams * width)]);
    offset += streams * width * Float64Array.BYTES_PER_ELEMENT;
  }
  return Object.fromEntries(views) as TallyColumns;
}

/** RTT buckets that each stream of a block with rows has. */
export function bucketCountOf({ rttBuckets, echoes }: TallyColumns): number {
  return echoes.length === 0 ? RTT_BUCKET_COUNT : rttBuckets.length / echoes.length;
}

/** Copies the first `streams` rows of every column, also into a block with more buckets; the new ones stay. */
export function copyRows(from: TallyColumns, to: TallyColumns, streams: number): void {
  const has = bucketCountOf(from);
  const gets = bucketCountOf(to);
  for (const name of COLUMNS) {
    if (name === "rttBuckets" && has !== gets) {
      for (let stream = 0; stream < streams; stream += 1) {
        to[name].set(from[name].subarray(stream * has, (stream + 1) * has), stream * gets);
      }
    } else {
      to[name].set(from[name].subarray(0, streams * columnWidth(name, has)));
    }
  }
}

/** Zeroes the row of a stream; what is unknown at first becomes NaN. */
export function clearRow(columns: TallyColumns, stream: number): void {
  const bucketCount = bucketCountOf(columns);
  for (const name of COLUMNS) {
    const width = columnWidth(name, bucketCount);
    columns[name].fill(
      isGauge(name) && name !== "fastProbing" ? Number.NaN : 0,
      stream * width,
      (stream + 1) * width,
    );
  }
}

/** Whether a column shows a state, which is unknown (NaN) at first but for the pace; the others only grow. */
export function isGauge(name: TallyColumn): boolean {
  switch (name) {
    case "fastProbing":
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
    case "fastEchoes":
    case "fastLost":
    case "lostByReason":
    case "rttSumSeconds":
    case "rttBuckets":
      return false;
  }
}

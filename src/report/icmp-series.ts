import { LOSS_REASONS } from "../icmp/echo.ts";
import type { TallySnapshot } from "../icmp/engine-contract.ts";
import {
  columnWidth,
  TALLY_WIDTHS,
  type TallyColumn,
  type TallyColumns,
} from "../icmp/loop/tally-layout.ts";
import { RTT_BUCKET_COUNT } from "../metrics/histogram.ts";
import { labelText } from "../metrics/label-text.ts";
import type { Steps } from "../metrics/steps.ts";
import type { TextWriter } from "../metrics/text.ts";
import type { Metric } from "./catalogue/metric.ts";
import { ICMP_METRICS } from "./catalogue.ts";

/** Columns of a snapshot, a copy of our own, and the numbers that each stream has in `rttBuckets`. */
export type TalliesOf<Name extends TallyColumn> = Pick<TallyColumns, Name> & {
  readonly rttBucketCount: number;
};

/** All of them, which become series. */
export type Tallies = TalliesOf<TallyColumn>;

/** One family of the icmp targets. */
export type IcmpFamily = {
  readonly metric: Metric;
  /**
   * @param stream Row of the tallies; −1, or one beyond their end, reads as one that has sent nothing.
   * @param isSilenced Nothing is sent to the target, so what the last answer showed is no longer so.
   * @param les Of its round-trip-time buckets.
   */
  readonly write: (
    writer: TextWriter,
    labels: string,
    tallies: Tallies,
    stream: number,
    isSilenced: boolean,
    les: readonly string[],
  ) => void;
};

/** What a target without a stream has in its buckets; reading before a column would find another's. */
const NO_BUCKETS = new Float64Array();
const REASON_LABELS = LOSS_REASONS.map((reason) => labelText([["reason", reason]]));

/** In the order they are written. */
export const ICMP_FAMILIES: readonly IcmpFamily[] = [
  {
    metric: ICMP_METRICS.rtt,
    write: (writer, labels, tallies, stream, _isSilenced, les) => {
      writer.histogram(labels, les, {
        buckets: stream < 0 ? NO_BUCKETS : tallies.rttBuckets,
        offset: stream * tallies.rttBucketCount,
        sum: tallies.rttSumSeconds[stream] ?? 0,
      });
    },
  },
  ofLastAnswer(ICMP_METRICS.lastRtt, "lastRttSeconds"),
  ofLastAnswer(ICMP_METRICS.jitter, "jitterSeconds"),
  ofLastAnswer(ICMP_METRICS.replyHopLimit, "replyHopLimit"),
  {
    metric: ICMP_METRICS.lossRatio,
    write: (writer, labels, tallies, stream) => {
      writer.gauge(labels, tallies.lossRatio[stream] ?? Number.NaN);
    },
  },
  counted(ICMP_METRICS.echoes, "echoes"),
  counted(ICMP_METRICS.lost, "lost"),
  counted(ICMP_METRICS.fastEchoes, "fastEchoes"),
  counted(ICMP_METRICS.fastLost, "fastLost"),
  {
    metric: ICMP_METRICS.lostByReason,
    write: (writer, labels, { lostByReason }, stream) => {
      for (let reason = 0; reason < LOSS_REASONS.length; reason += 1) {
        const count = lostByReason[stream * LOSS_REASONS.length + reason] ?? 0;
        if (count > 0) writer.sample(`${labels},${REASON_LABELS[reason]}`, count);
      }
    },
  },
  counted(ICMP_METRICS.lateReplies, "lateReplies"),
  counted(ICMP_METRICS.duplicateReplies, "duplicateReplies"),
  counted(ICMP_METRICS.reorderedReplies, "reorderedReplies"),
  counted(ICMP_METRICS.corruptReplies, "corruptReplies"),
  counted(ICMP_METRICS.unsent, "unsent"),
  counted(ICMP_METRICS.suspect, "suspect"),
];

export const TALLY_COLUMNS = Object.keys(TALLY_WIDTHS) as readonly TallyColumn[];

/** Tallies of no stream at all. */
export const NO_TALLIES: Tallies = {
  ...columnsBy(TALLY_COLUMNS, () => new Float64Array()),
  rttBucketCount: RTT_BUCKET_COUNT,
};

/** Numbers copied between two looks at whether the event loop must turn: 256 KB, a tenth of a millisecond. */
const COPIED_AT_ONCE = 0x8000;

/**
 * A copy of the first `streams` rows of a snapshot, whose own arrays the engine uses again. All
 * columns are 3.5 MB at 10,000 streams; a copy lives as long as one answer.
 *
 * @throws the signal's reason of the steps.
 */
export async function copyTallies<Name extends TallyColumn>(
  snapshot: TallySnapshot,
  streams: number,
  names: readonly Name[],
  steps: Steps,
): Promise<TalliesOf<Name>> {
  const { rttBucketCount } = snapshot;
  const copied = columnsBy(names, (name) => {
    const numbers = streams * columnWidth(name, rttBucketCount);
    return new Float64Array(Math.min(numbers, snapshot[name].length));
  });
  for (const name of names) {
    const column = copied[name];
    for (let at = 0; at < column.length; at += COPIED_AT_ONCE) {
      const end = Math.min(at + COPIED_AT_ONCE, column.length);
      column.set(snapshot[name].subarray(at, end), at);
      if (steps.isDue()) await steps.turn();
    }
  }
  return { ...copied, rttBucketCount };
}

function columnsBy<Name extends TallyColumn>(
  names: readonly Name[],
  give: (name: Name) => Float64Array,
): Record<Name, Float64Array> {
  return Object.fromEntries(names.map((name) => [name, give(name)])) as Record<Name, Float64Array>;
}

function counted(metric: Metric, column: TallyColumn): IcmpFamily {
  return {
    metric,
    write: (writer, labels, tallies, stream) => {
      writer.sample(labels, tallies[column][stream] ?? 0);
    },
  };
}

function ofLastAnswer(metric: Metric, column: TallyColumn): IcmpFamily {
  return {
    metric,
    write: (writer, labels, tallies, stream, isSilenced) => {
      if (!isSilenced) writer.gauge(labels, tallies[column][stream] ?? Number.NaN);
    },
  };
}

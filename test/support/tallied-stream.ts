import { batchMark } from "../../src/icmp/loop/batch-mark.ts";
import { Tally } from "../../src/icmp/loop/tally.ts";
import { blockBytes, columnsOf, type TallyColumns } from "../../src/icmp/loop/tally-layout.ts";

/** The only stream of the tally. */
export const STREAM = 1;
export const HOP_LIMIT = 57;

/** The mark of an echo that is a batch by itself, where nothing hangs on its number. */
const ALONE = batchMark(0, true);

/** A tally with one stream and a clock of its own: each event a second after the one before. */
export class TalliedStream {
  readonly tally = new Tally();
  now = 1000;

  constructor() {
    this.tally.reserve(4);
    this.tally.start(STREAM, 60);
  }

  get wall(): number {
    return this.now + 1.7e9;
  }

  answered(
    options: { rtt?: number; mark?: number; sentAt?: number; hopLimit?: number } = {},
  ): void {
    this.now += 1;
    this.tally.answered(
      STREAM,
      options.mark ?? ALONE,
      options.rtt ?? 0.01,
      options.hopLimit ?? HOP_LIMIT,
      options.sentAt ?? this.now,
      this.now,
      this.wall,
    );
  }

  lost(options: { mark?: number; reason?: number } = {}): void {
    this.now += 1;
    const { mark = ALONE, reason = -1 } = options;
    this.tally.lost(STREAM, mark, reason, this.now, this.wall);
  }

  unsent(options: { mark?: number } = {}): void {
    this.now += 1;
    this.tally.unsent(STREAM, options.mark ?? ALONE, this.wall);
  }

  suspect(options: { mark?: number } = {}): void {
    this.now += 1;
    this.tally.suspect(STREAM, options.mark ?? ALONE, this.wall);
  }

  columns(): TallyColumns {
    const columns = columnsOf(new ArrayBuffer(blockBytes(4)));
    this.tally.copyTo(columns, STREAM, this.now);
    return columns;
  }

  up(): number | undefined {
    return this.columns().up[STREAM];
  }
}

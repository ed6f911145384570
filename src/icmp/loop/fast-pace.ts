import type { FastPaceSettings } from "../echo.ts";
import { grown } from "./column.ts";
import { nextOnGridSeconds, Plan } from "./plan.ts";

/** Echoes that may leave at once, as a share of a second's budget: thousands of targets fail together. */
const BURST_SECONDS = 0.1;

/** What the pace asks of whoever sends. */
export type FastPaceSink = {
  readonly sendFast: (stream: number) => void;
  /** Of grid and fast echoes in the stream's loss window; NaN when none finished in it. */
  readonly lossRatio: (stream: number, nowSeconds: number) => number;
  readonly setFastProbing: (stream: number, isFast: boolean) => void;
};

/**
 * Extra echoes to streams that fail, between those of the grid, which go on unchanged. [hot]
 *
 * A stream comes in when it loses a grid echo, and leaves when its loss window has passed since and the loss in it
 * is below its limit. All extra echoes together keep a budget: when the streams at the fast pace want more, the
 * interval of each is stretched alike, so that none of them starves, and what is left out is counted.
 *
 * Streams that fall together, as thousands do in the first moment of an outage, are given times one after another:
 * `#freeSeconds` is from when on the budget is free, each echo moves it on by its share of a second, and it may be
 * ahead of the clock by a small burst (the generic cell rate algorithm, ITU-T I.371 annex A).
 */
export class FastPace {
  readonly #sink: FastPaceSink;
  readonly #budgetPerSecond: number;
  readonly #plan: Plan;
  #rows = 0;
  #intervalSeconds = new Float64Array(0);
  #untilLoss = new Float64Array(0);
  #windowSeconds = new Float64Array(0);
  /** When the stream came in; 0 while it is at its normal pace. */
  #sinceSeconds = new Float64Array(0);
  /** What all streams would want together if all failed. */
  #possiblePerSecond = 0;
  /** What the streams at the fast pace want together. */
  #wantedPerSecond = 0;
  /** 1 while the stream's next echo has its time out of the budget already. */
  #isReserved = new Uint8Array(0);
  #reserved = 0;
  #freeSeconds: number;
  #nowSeconds: number;
  #skipped = 0;

  constructor(options: {
    readonly sink: FastPaceSink;
    readonly budgetPerSecond: number;
    readonly nowSeconds: number;
  }) {
    this.#sink = options.sink;
    this.#budgetPerSecond = options.budgetPerSecond;
    this.#plan = new Plan(options.nowSeconds);
    this.#freeSeconds = options.nowSeconds;
    this.#nowSeconds = options.nowSeconds;
  }

  /** Room is made only when a stream may come in: at intervals of a second and less none ever does. */
  reserve(rows: number): void {
    this.#rows = Math.max(this.#rows, rows);
    if (this.#sinceSeconds.length > 0) this.#makeRoom();
  }

  #makeRoom(): void {
    const rows = this.#rows;
    if (this.#sinceSeconds.length >= rows) return;
    this.#plan.reserve(rows);
    this.#intervalSeconds = grown(this.#intervalSeconds, new Float64Array(rows));
    this.#untilLoss = grown(this.#untilLoss, new Float64Array(rows));
    this.#windowSeconds = grown(this.#windowSeconds, new Float64Array(rows));
    this.#sinceSeconds = grown(this.#sinceSeconds, new Float64Array(rows));
    this.#isReserved = grown(this.#isReserved, new Uint8Array(rows));
  }

  /** Wakes fall together with those of the grid. */
  setRate(echoesPerSecond: number): void {
    this.#plan.setRate(echoesPerSecond);
  }

  /** @param settings Undefined takes the stream out for good. */
  set(stream: number, settings: FastPaceSettings | undefined, lossWindowSeconds: number): void {
    const isSame =
      settings !== undefined &&
      this.#intervalSeconds[stream] === settings.intervalSeconds &&
      this.#untilLoss[stream] === settings.untilLoss &&
      this.#windowSeconds[stream] === lossWindowSeconds;
    if (isSame) return;
    this.leave(stream);
    if (settings !== undefined) this.#makeRoom();
    this.#possiblePerSecond -= perSecond(this.#intervalSeconds[stream] ?? 0);
    this.#intervalSeconds[stream] = settings?.intervalSeconds ?? 0;
    this.#possiblePerSecond += perSecond(settings?.intervalSeconds ?? 0);
    this.#untilLoss[stream] = settings?.untilLoss ?? 0;
    this.#windowSeconds[stream] = lossWindowSeconds;
  }

  /** The stream lost a grid echo: it is probed at once, and from then on at its fast interval. */
  enter(stream: number, nowSeconds: number): void {
    const interval = this.#intervalSeconds[stream] ?? 0;
    if (interval === 0 || this.#isFast(stream)) return;
    this.#sinceSeconds[stream] = nowSeconds;
    this.#wantedPerSecond += perSecond(interval);
    this.#sink.setFastProbing(stream, true);
    this.#plan.add(stream, nowSeconds);
  }

  /** Back to the normal pace, whatever the loss: the stream is gone, or sends nothing now. */
  leave(stream: number): void {
    if (!this.#isFast(stream)) return;
    this.#sinceSeconds[stream] = 0;
    this.#plan.remove(stream);
    this.#takeReservation(stream);
    const less = this.#wantedPerSecond - perSecond(this.#intervalSeconds[stream] ?? 0);
    this.#wantedPerSecond = Math.max(less, 0);
    this.#sink.setFastProbing(stream, false);
  }

  #isFast(stream: number): boolean {
    return (this.#sinceSeconds[stream] ?? 0) > 0;
  }

  nextWakeSeconds(): number {
    return this.#plan.nextWakeSeconds();
  }

  sendDue(nowSeconds: number): void {
    this.#nowSeconds = nowSeconds;
    // Those that left took no echo: nobody waits for their times.
    if (this.#reserved === 0) {
      const furthest = nowSeconds + Math.max(BURST_SECONDS, 1 / this.#budgetPerSecond);
      this.#freeSeconds = Math.min(this.#freeSeconds, furthest);
    }
    this.#plan.takeDue(nowSeconds, this);
  }

  due(stream: number): void {
    const now = this.#nowSeconds;
    if (this.#isOver(stream, now)) {
      this.leave(stream);
      return;
    }
    const dueSeconds = this.#plan.dueSecondsOf(stream);
    const interval = this.#intervalSeconds[stream] ?? 0;
    if (!this.#takeReservation(stream)) {
      const atSeconds = this.#nextFreeSeconds(now);
      if (atSeconds > now) {
        this.#isReserved[stream] = 1;
        this.#reserved += 1;
        this.#skipped += (atSeconds - dueSeconds) / interval;
        this.#plan.add(stream, atSeconds);
        return;
      }
    }
    const stretch = Math.max(this.#wantedPerSecond / this.#budgetPerSecond, 1);
    this.#skipped += stretch - 1;
    this.#plan.add(stream, nextOnGridSeconds(dueSeconds, interval * stretch, now));
    this.#sink.sendFast(stream);
  }

  /** Takes an echo out of the budget. @returns when it may leave. */
  #nextFreeSeconds(now: number): number {
    const share = 1 / this.#budgetPerSecond;
    const burstSeconds = Math.max(BURST_SECONDS - share, 0);
    const at = this.#freeSeconds - burstSeconds;
    this.#freeSeconds = Math.max(this.#freeSeconds, now) + share;
    return at;
  }

  /** @returns whether there was one. */
  #takeReservation(stream: number): boolean {
    if (this.#isReserved[stream] !== 1) return false;
    this.#isReserved[stream] = 0;
    this.#reserved -= 1;
    return true;
  }

  #isOver(stream: number, now: number): boolean {
    const since = this.#sinceSeconds[stream] ?? 0;
    if (now - since < (this.#windowSeconds[stream] ?? 0)) return false;
    // Nothing finished in the window (all were unsent, say) shows no loss, and no end of it either.
    return this.#sink.lossRatio(stream, now) < (this.#untilLoss[stream] ?? 0);
  }

  /** The most extra echoes that may leave in a second. */
  get mostPerSecond(): number {
    return Math.min(Math.max(this.#possiblePerSecond, 0), this.#budgetPerSecond);
  }

  /** Echoes that the budget left out so far. */
  get skipped(): number {
    return Math.floor(this.#skipped);
  }
}

/** @param intervalSeconds 0 for never. */
function perSecond(intervalSeconds: number): number {
  return intervalSeconds === 0 ? 0 : 1 / intervalSeconds;
}

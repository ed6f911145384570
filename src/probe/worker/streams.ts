import { Alarm, type SetTimer } from "../../schedule/alarm.ts";
import { Concurrency } from "../../schedule/concurrency.ts";
import { Pace } from "../../schedule/pace.ts";
import { Timetable } from "../../schedule/timetable.ts";
import type { Module } from "../module.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import { isAgentsOwn, type ProbeOutcome } from "../prober.ts";
import { type WorkerProberName, zeroEach } from "../table.ts";
import type { PoolStream, StreamOutcome } from "./messages.ts";

/** A stream in the worker; one object from add to remove, so a number used again is another stream. */
type Stream = {
  readonly order: PoolStream;
  readonly module: Module;
  readonly prober: WorkerProberName;
  /** Undefined for one that is always probed at its interval. */
  readonly pace: Pace | undefined;
  /** Ends the probe in flight; there is one at most. */
  run: AbortController | undefined;
  isRemoved: boolean;
};

/**
 * The continuous probes of the worker: when each is due, who may start, and what came of it.
 *
 * A stream that fails is probed at its fast interval as well, if it has one. Its grid is kept as if it were not: a
 * grid time that meets a fast probe cuts it, and the cut one is nobody's outcome. To let it end first would move
 * the grid probe by up to a timeout, again and again for just those targets that do not answer; to start no fast
 * probe whose timeout reaches the next grid time would leave most streams without any, because a timeout is as long as
 * the interval unless the module says otherwise.
 */
export class ProbeStreams {
  readonly #options: ProbeStreamsOptions;
  #modules: ProbeStreamsOptions["modules"];
  readonly #streams = new Map<number, Stream>();
  readonly #timetable: Timetable<Stream>;
  readonly #fastTimes: Alarm<Stream>;
  readonly #concurrency: Concurrency<Stream>;
  readonly #missedTicks: Record<WorkerProberName, number> = zeroEach();

  constructor(options: ProbeStreamsOptions) {
    this.#options = options;
    this.#modules = options.modules;
    const { setTimer, tools } = options;
    this.#concurrency = new Concurrency({
      limit: options.maxConcurrent,
      start: (stream, dueSeconds, isFast) => void this.#run(stream, dueSeconds, isFast),
      cut: (stream) => stream.run?.abort(),
      onMissed: (stream) => this.#miss(stream, 1),
    });
    this.#timetable = new Timetable({
      clock: tools.clock,
      setTimer,
      onDue: (stream, dueSeconds) => this.#concurrency.due(stream, dueSeconds),
      onMissed: (stream, ticks) => this.#miss(stream, ticks),
    });
    this.#fastTimes = new Alarm({
      clock: tools.clock,
      setTimer,
      onDue: (stream, dueSeconds, nowSeconds) => this.#fastDue(stream, dueSeconds, nowSeconds),
    });
  }

  /** Due times of the grid dropped since the start: in a stall, or because they met a grid probe of the same stream. */
  get missedTicks(): Readonly<Record<WorkerProberName, number>> {
    return { ...this.#missedTicks };
  }

  get waiting(): number {
    return this.#concurrency.waiting;
  }

  /** For streams added from now on; those that are there keep the module they were added with. */
  configure(settings: Pick<ProbeStreamsOptions, "modules" | "maxConcurrent">): void {
    this.#modules = settings.modules;
    this.#concurrency.setLimit(settings.maxConcurrent);
  }

  add(order: PoolStream): void {
    this.remove(order.number);
    const module = Object.hasOwn(this.#modules, order.module)
      ? this.#modules[order.module]
      : undefined;
    if (module === undefined)
      throw new Error(`Cannot probe ${order.target}: no module ${order.module}`);
    if (module.prober === "icmp") {
      throw new Error(`Cannot probe ${order.target} here: module ${order.module} is one of icmp`);
    }
    const stream: Stream = {
      order,
      module,
      prober: module.prober,
      pace: order.fast === undefined ? undefined : new Pace(order.fast),
      run: undefined,
      isRemoved: false,
    };
    this.#streams.set(order.number, stream);
    this.#timetable.add(stream, order);
  }

  remove(number: number): void {
    const stream = this.#streams.get(number);
    if (stream === undefined) return;
    this.#streams.delete(number);
    this.#timetable.remove(stream);
    this.#fastTimes.remove(stream);
    this.#concurrency.remove(stream);
    stream.isRemoved = true;
    stream.run?.abort();
  }

  /** Ends all of them, those in flight too. */
  stop(): void {
    for (const number of this.#streams.keys()) this.remove(number);
  }

  #miss(stream: Stream, ticks: number): void {
    this.#missedTicks[stream.prober] += ticks;
  }

  /** A fast time that finds the stream busy, or no slot to spare, is dropped: an extra one is never missed. */
  #fastDue(stream: Stream, dueSeconds: number, nowSeconds: number): void {
    const nextSeconds = stream.pace?.nextDueSeconds(nowSeconds);
    if (nextSeconds === undefined) return;
    this.#fastTimes.set(stream, nextSeconds);
    this.#concurrency.startExtra(stream, dueSeconds);
  }

  async #run(stream: Stream, dueSeconds: number, isFast: boolean): Promise<void> {
    const { order, module } = stream;
    const run = new AbortController();
    stream.run = run;
    const startDelaySeconds = this.#options.tools.clock.monotonicSeconds() - dueSeconds;
    const request: ProbeRequest = {
      module,
      target: order.target,
      hostname: undefined,
      timeoutSeconds: order.timeoutSeconds,
      permit: { kind: "continuous" },
      isDebug: false,
    };
    const outcome = await this.#options.run(stream.prober, request, run.signal);
    // What ends here may begin the next probe at once.
    stream.run = undefined;
    const isCut = outcome.kind === "failed" && outcome.reason === "cancelled";
    if (!stream.isRemoved) this.#setPace(stream, outcome, isFast);
    this.#concurrency.ended(stream, isCut ? undefined : isTimeout(outcome));
    // What a removed stream found out belongs to nobody any more, and what was cut found out nothing.
    if (stream.isRemoved || isCut) return;
    const isAtFastPace = stream.pace?.isFast ?? false;
    const pace = { isFast, isAtFastPace };
    this.#options.onOutcome({ stream: order.number, outcome, startDelaySeconds, pace });
  }

  #setPace(stream: Stream, outcome: ProbeOutcome, isFast: boolean): void {
    const isFailed = outcome.kind === "failed";
    if (isFailed && isAgentsOwn(outcome.reason)) return;
    const atSeconds = this.#options.tools.clock.monotonicSeconds();
    switch (stream.pace?.ended({ isGrid: !isFast, isFailed, atSeconds })) {
      case "begins":
        return this.#fastTimes.set(stream, atSeconds);
      case "ends":
        return this.#fastTimes.remove(stream);
      case "stays":
      case undefined:
        return;
    }
  }
}

export type ProbeStreamsOptions = {
  readonly modules: Readonly<Record<string, Module>>;
  readonly maxConcurrent: number;
  readonly tools: Pick<ProbeTools, "clock">;
  readonly setTimer: SetTimer;
  /** Ends with the reason `cancelled` soon after the signal has aborted. */
  readonly run: (
    prober: WorkerProberName,
    request: ProbeRequest,
    signal: AbortSignal,
  ) => Promise<ProbeOutcome>;
  readonly onOutcome: (outcome: StreamOutcome) => void;
};

function isTimeout(outcome: ProbeOutcome): boolean {
  return outcome.kind === "failed" && outcome.reason.endsWith("_timeout");
}

import { Concurrency } from "../schedule/concurrency.ts";
import { type SetTimer, Timetable } from "../schedule/timetable.ts";
import type { PoolStream, StreamOutcome } from "./messages.ts";
import type { Module } from "./module.ts";
import type { ProbeRequest, ProbeTools } from "./probe-request.ts";
import type { ProbeOutcome } from "./prober.ts";
import type { WorkerProberName } from "./table.ts";

/** A stream in the worker; one object from add to remove, so a number used again is another stream. */
type Stream = {
  readonly order: PoolStream;
  readonly module: Module;
  readonly prober: WorkerProberName;
  readonly leaving: AbortController;
};

/** The continuous probes of the worker: when each is due, who may start, and what came of it. */
export class ProbeStreams {
  readonly #options: ProbeStreamsOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #timetable: Timetable<Stream>;
  readonly #concurrency: Concurrency<Stream>;
  readonly #missedTicks: Record<WorkerProberName, number> = { http: 0 };

  constructor(options: ProbeStreamsOptions) {
    this.#options = options;
    this.#concurrency = new Concurrency({
      limit: options.maxConcurrent,
      start: (stream, dueSeconds) => void this.#run(stream, dueSeconds),
      onMissed: (stream) => this.#miss(stream, 1),
    });
    this.#timetable = new Timetable({
      clock: options.tools.clock,
      setTimer: options.setTimer,
      onDue: (stream, dueSeconds) => this.#concurrency.due(stream, dueSeconds),
      onMissed: (stream, ticks) => this.#miss(stream, ticks),
    });
  }

  /** Due times dropped since the start: in a stall, or because they met one of the same stream. */
  get missedTicks(): Readonly<Record<WorkerProberName, number>> {
    return { ...this.#missedTicks };
  }

  get waiting(): number {
    return this.#concurrency.waiting;
  }

  add(order: PoolStream): void {
    this.remove(order.number);
    const module = Object.hasOwn(this.#options.modules, order.module)
      ? this.#options.modules[order.module]
      : undefined;
    if (module === undefined)
      throw new Error(`Cannot probe ${order.target}: no module ${order.module}`);
    if (module.prober === "icmp") {
      throw new Error(`Cannot probe ${order.target} here: module ${order.module} is one of icmp`);
    }
    const stream: Stream = { order, module, prober: module.prober, leaving: new AbortController() };
    this.#streams.set(order.number, stream);
    this.#timetable.add(stream, order);
  }

  remove(number: number): void {
    const stream = this.#streams.get(number);
    if (stream === undefined) return;
    this.#streams.delete(number);
    this.#timetable.remove(stream);
    this.#concurrency.remove(stream);
    stream.leaving.abort();
  }

  /** Ends all of them, those in flight too. */
  stop(): void {
    for (const number of this.#streams.keys()) this.remove(number);
  }

  #miss(stream: Stream, ticks: number): void {
    this.#missedTicks[stream.prober] += ticks;
  }

  async #run(stream: Stream, dueSeconds: number): Promise<void> {
    const { order, module } = stream;
    const startDelaySeconds = this.#options.tools.clock.monotonicSeconds() - dueSeconds;
    const request: ProbeRequest = {
      module,
      target: order.target,
      hostname: undefined,
      timeoutSeconds: order.timeoutSeconds,
      permit: { kind: "continuous" },
      isDebug: false,
    };
    const outcome = await this.#options.run(stream.prober, request, stream.leaving.signal);
    this.#concurrency.ended(stream, isTimeout(outcome));
    // What a removed stream found out belongs to nobody any more.
    if (stream.leaving.signal.aborted) return;
    this.#options.onOutcome({ stream: order.number, outcome, startDelaySeconds });
  }
}

export type ProbeStreamsOptions = {
  readonly modules: Readonly<Record<string, Module>>;
  readonly maxConcurrent: number;
  readonly tools: Pick<ProbeTools, "clock">;
  readonly setTimer: SetTimer;
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

import type { Logger } from "../../runtime/log.ts";
import type { EchoOutcome, EchoStream } from "../echo.ts";
import type {
  EchoFailure,
  Engine,
  EngineFigures,
  StreamOrder,
  TallySnapshot,
} from "../engine-contract.ts";
import { blockBytes, bucketCountOf, columnsOf, type TallyColumns } from "../loop/tally-layout.ts";
import type { EngineHost, HostListener } from "./engine-host.ts";
import { readFailures } from "./failure-list.ts";
import { logEvent } from "./log-event.ts";
import type { CoreReport } from "./messages.ts";
import { StreamNumbers } from "./stream-numbers.ts";

/** Rows a first snapshot has room for. */
const FIRST_ROWS = 64;

/** More room than is needed now: targets are added one after another. */
const GROWTH = 1.25;

/** `address` is the one that was asked for: the stream may have another by now. */
export type OnRefused = (stream: number, address: string, sentence: string) => void;

type Waiter<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

type Copied = {
  readonly rows: number;
  readonly bucketCount: number;
  readonly takenAtSeconds: number;
};

/** An engine as the rest of the program sees it, whatever its host: gives numbers to streams and waits for answers. */
export class EngineClient implements Engine, HostListener {
  state: Engine["state"] = "running";
  problem: string | undefined;
  readonly #log: Logger;
  readonly #onFault: (error: Error) => void;
  readonly #onRefused: OnRefused;
  #host: EngineHost | undefined;
  readonly #free = new StreamNumbers();
  /** Numbers given out and not removed: one removed twice must not go to two streams. */
  readonly #numbers = new Set<number>();
  readonly #sets = new Map<number, EchoStream>();
  readonly #removals = new Set<number>();
  #isFlushPlanned = false;
  readonly #oneShots = new Map<number, Waiter<EchoOutcome>>();
  readonly #figureWaiters: Waiter<EngineFigures>[] = [];
  readonly #failureWaiters: Waiter<Uint32Array>[] = [];
  #snapshotWaiter: Waiter<Copied> | undefined;
  #lastSnapshot: Promise<unknown> = Promise.resolve();
  #rows = FIRST_ROWS;
  #block = new SharedArrayBuffer(blockBytes(FIRST_ROWS));
  #columns: TallyColumns = columnsOf(this.#block);

  constructor(options: {
    readonly log: Logger;
    readonly onFault: (error: Error) => void;
    /** Told of a stream of the grid that cannot be sent as asked. */
    readonly onRefused: OnRefused;
  }) {
    this.#log = options.log;
    this.#onFault = options.onFault;
    this.#onRefused = options.onRefused;
  }

  /** There is no host: nothing can be asked of the engine. @param problem One sentence with a remedy. */
  setUnavailable(problem: string): void {
    this.state = "unavailable";
    this.problem = problem;
  }

  /** Before anything is asked of the engine. */
  setHost(host: EngineHost): void {
    this.#host = host;
  }

  onReport(report: CoreReport): void {
    switch (report.kind) {
      case "snapshot":
        this.#snapshotWaiter?.resolve(report);
        return;
      case "figures":
        this.#figureWaiters.shift()?.resolve(report.figures);
        return;
      case "failures":
        this.#failureWaiters.shift()?.resolve(report.list);
        return;
      case "one_shot":
        this.#endOneShot(report.stream, report.outcome);
        return;
      case "refused":
        this.#refused(report);
        return;
      case "event":
        logEvent(report.event, this.#log);
        return;
      case "echo_failed": {
        const { address, failure } = report;
        if (failure.kind === "unsent") {
          this.#log.debug("an echo was not sent", { address, errno: failure.errno });
        } else {
          this.#log.debug("an echo was lost", {
            address,
            reason: failure.explanation.reason,
            reported_by: failure.explanation.reportedBy,
          });
        }
        return;
      }
    }
  }

  #refused({ stream, address, sentence }: Extract<CoreReport, { readonly kind: "refused" }>): void {
    if (this.#oneShots.has(stream)) {
      this.#oneShots.get(stream)?.reject(new Error(sentence));
      this.#endOneShot(stream, undefined);
    } else if (this.#numbers.has(stream)) {
      this.#log.warn("a target cannot be sent to", { address, error: sentence });
      this.#onRefused(stream, address, sentence);
    }
  }

  #endOneShot(stream: number, outcome: EchoOutcome | undefined): void {
    if (outcome !== undefined) this.#oneShots.get(stream)?.resolve(outcome);
    this.#oneShots.delete(stream);
    this.remove(stream);
  }

  onFault(error: Error): void {
    if (this.state !== "running") return;
    this.state = "failed";
    this.problem = error.message;
    this.#rejectWaiters(error);
    this.#onFault(error);
  }

  #rejectWaiters(error: Error): void {
    this.#snapshotWaiter?.reject(error);
    for (const waiter of this.#figureWaiters.splice(0)) waiter.reject(error);
    for (const waiter of this.#failureWaiters.splice(0)) waiter.reject(error);
    for (const waiter of this.#oneShots.values()) waiter.reject(error);
    this.#oneShots.clear();
  }

  add(order: StreamOrder): number {
    const number = this.#takeNumber();
    this.#sets.set(number, { ...order, number });
    this.#planFlush();
    return number;
  }

  #takeNumber(): number {
    const number = this.#free.take();
    this.#numbers.add(number);
    return number;
  }

  remove(number: number): void {
    if (!this.#numbers.delete(number)) return;
    this.#sets.delete(number);
    this.#removals.add(number);
    this.#planFlush();
  }

  retune(number: number, order: StreamOrder): void {
    if (!this.#numbers.has(number)) return;
    this.#sets.set(number, { ...order, number });
    this.#planFlush();
  }

  /** Changes of one turn of the loop go over together. */
  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    if (this.#removals.size > 0) {
      this.#send({ kind: "remove", numbers: [...this.#removals] });
      // A number is free once its removal is on its way: requests are taken in order.
      for (const number of this.#removals) this.#free.free(number);
      this.#removals.clear();
    }
    if (this.#sets.size > 0) {
      this.#send({ kind: "set", streams: [...this.#sets.values()] });
      this.#sets.clear();
    }
  }

  #send(request: Parameters<EngineHost["send"]>[0]): void {
    if (this.state === "running") this.#host?.send(request);
  }

  async echo(order: Parameters<Engine["echo"]>[0]): Promise<EchoOutcome> {
    this.#refuseUnlessRunning();
    this.#flush();
    const number = this.#takeNumber();
    const outcome = new Promise<EchoOutcome>((resolve, reject) => {
      this.#oneShots.set(number, { resolve, reject });
    });
    this.#send({
      kind: "one_shot",
      stream: {
        ...order,
        number,
        intervalSeconds: order.timeoutSeconds,
        echoesPerInterval: 1,
        echoSpacingSeconds: 0,
        lossWindowSeconds: order.timeoutSeconds,
        fast: undefined,
        bucketBoundsSeconds: undefined,
        phase: 0,
      },
    });
    return outcome;
  }

  #refuseUnlessRunning(): void {
    if (this.state !== "running") {
      throw new Error(`Cannot use the ICMP engine: ${this.problem ?? this.state}`);
    }
  }

  /** One after another: each waits for the one before. */
  async snapshot(): Promise<TallySnapshot> {
    const previous = this.#lastSnapshot;
    const mine = previous.then(() => this.#snapshotNow());
    this.#lastSnapshot = mine.catch(() => {});
    return mine;
  }

  async #snapshotNow(): Promise<TallySnapshot> {
    this.#refuseUnlessRunning();
    this.#flush();
    for (;;) {
      const bucketCount = bucketCountOf(this.#columns);
      const copied = await new Promise<Copied>((resolve, reject) => {
        this.#snapshotWaiter = { resolve, reject };
        this.#send({ kind: "snapshot", block: this.#block, rows: this.#rows, bucketCount });
      });
      this.#snapshotWaiter = undefined;
      if (copied.rows <= this.#rows && copied.bucketCount <= bucketCount) {
        const { takenAtSeconds } = copied;
        return { takenAtSeconds, rttBucketCount: bucketCount, ...this.#columns };
      }
      this.#makeRoom(Math.max(copied.rows, this.#rows), Math.max(copied.bucketCount, bucketCount));
    }
  }

  #makeRoom(rows: number, bucketCount: number): void {
    this.#rows = Math.ceil(rows * GROWTH);
    this.#block = new SharedArrayBuffer(blockBytes(this.#rows, bucketCount));
    this.#columns = columnsOf(this.#block, bucketCount);
  }

  async figures(): Promise<EngineFigures> {
    this.#refuseUnlessRunning();
    return new Promise((resolve, reject) => {
      this.#figureWaiters.push({ resolve, reject });
      this.#send({ kind: "figures" });
    });
  }

  async failures(): Promise<ReadonlyMap<number, EchoFailure>> {
    this.#refuseUnlessRunning();
    const list = await new Promise<Uint32Array>((resolve, reject) => {
      this.#failureWaiters.push({ resolve, reject });
      this.#send({ kind: "failures" });
    });
    return readFailures(list);
  }

  async stop(): Promise<void> {
    if (this.state !== "running") return;
    this.state = "stopped";
    this.#rejectWaiters(new Error("The ICMP engine was stopped"));
    await this.#host?.stop();
  }
}

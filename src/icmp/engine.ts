import { closeSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Logger } from "../runtime/log.ts";
import type { EchoOutcome, EchoStream } from "./echo.ts";
import type { Engine, EngineFigures, StreamOrder, TallySnapshot } from "./engine-contract.ts";
import {
  CONTROL_BYTES,
  CONTROL_WORD,
  type EngineReport,
  type EngineRequest,
  type EngineWorkerData,
} from "./messages.ts";
import type { EngineOptions } from "./options.ts";
import { MAX_STREAMS } from "./streams.ts";
import { blockBytes, columnsOf, type TallyColumns } from "./tally-layout.ts";

/** The built file beside this one; `tsc` does not rewrite names inside `new URL`. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js",
  import.meta.url,
);

/** The worker sleeps a quarter of a second at most; past this it hangs in foreign code. */
const STOP_DEADLINE_MILLISECONDS = 1_000;

const EVENT = Buffer.from(BigUint64Array.of(1n).buffer);

type Waiter<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

/**
 * Starts the engine's thread.
 *
 * @param onFault Told when the thread ends without being asked to.
 * @returns When sockets are open, or the reason why there are none is known: then `state` is `unavailable`.
 */
export async function startEngine(options: {
  readonly engine: EngineOptions;
  readonly log: Logger;
  readonly onFault: (error: Error) => void;
}): Promise<Engine> {
  const engine = new ThreadedEngine(options);
  await engine.started;
  return engine;
}

class ThreadedEngine implements Engine {
  state: Engine["state"] = "running";
  problem: string | undefined;
  readonly started: Promise<void>;
  readonly #log: Logger;
  readonly #onFault: (error: Error) => void;
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #ended: Promise<void>;
  #eventDescriptor = -1;
  #highest = 0;
  readonly #freeNumbers: number[] = [];
  /** Numbers given out and not removed: one removed twice must not go to two streams. */
  readonly #numbers = new Set<number>();
  readonly #sets = new Map<number, EchoStream>();
  readonly #removals = new Set<number>();
  #isFlushPlanned = false;
  readonly #oneShots = new Map<number, Waiter<EchoOutcome>>();
  readonly #figureWaiters: Waiter<EngineFigures>[] = [];
  #snapshotWaiter: Waiter<{ rows: number; takenAtSeconds: number }> | undefined;
  #lastSnapshot: Promise<unknown> = Promise.resolve();
  #block = new SharedArrayBuffer(blockBytes(64));
  #rows = 64;
  #columns: TallyColumns = columnsOf(this.#block);
  readonly #onExit = (): void => this.#askToStop();

  constructor(options: {
    readonly engine: EngineOptions;
    readonly log: Logger;
    readonly onFault: (error: Error) => void;
  }) {
    this.#log = options.log;
    this.#onFault = options.onFault;
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    this.#control = new Int32Array(control);
    const workerData: EngineWorkerData = { control, options: options.engine };
    this.#worker = new Worker(WORKER_URL, { workerData, name: "sounder-icmp" });
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        if (this.#eventDescriptor >= 0) closeSync(this.#eventDescriptor);
        this.#eventDescriptor = -1;
        resolve();
      });
    });
    this.started = new Promise((resolve, reject) => {
      this.#worker.on("message", (report: EngineReport) => this.#take(report, resolve));
      this.#worker.on("error", (error) => {
        const fault = error instanceof Error ? error : new Error(String(error));
        this.#fail(fault);
        reject(fault);
      });
      this.#worker.once("exit", () => {
        const fault = new Error("The ICMP engine's thread ended by itself");
        this.#fail(fault);
        reject(fault);
      });
    });
    process.once("exit", this.#onExit);
  }

  #take(report: EngineReport, onStarted: () => void): void {
    switch (report.kind) {
      case "running":
        this.#eventDescriptor = report.eventDescriptor;
        for (const problem of report.problems) this.#log.warn(problem);
        this.problem = report.problems.length > 0 ? report.problems.join("; ") : undefined;
        onStarted();
        return;
      case "unavailable":
        this.state = "unavailable";
        this.problem = report.reason;
        onStarted();
        return;
      case "snapshot":
        this.#snapshotWaiter?.resolve(report);
        return;
      case "figures":
        this.#figureWaiters.shift()?.resolve(report.figures);
        return;
      case "one_shot":
        this.#endOneShot(report.stream, report.outcome);
        return;
      case "refused":
        if (this.#oneShots.has(report.stream)) {
          this.#oneShots.get(report.stream)?.reject(new Error(report.sentence));
          this.#endOneShot(report.stream, undefined);
        } else {
          this.#log.warn("a target cannot be sent to", { error: report.sentence });
        }
        return;
    }
  }

  #endOneShot(stream: number, outcome: EchoOutcome | undefined): void {
    if (outcome !== undefined) this.#oneShots.get(stream)?.resolve(outcome);
    this.#oneShots.delete(stream);
    this.remove(stream);
  }

  #fail(error: Error): void {
    if (this.state !== "running") return;
    this.state = "failed";
    this.problem = error.message;
    this.#rejectWaiters(error);
    this.#onFault(error);
  }

  #rejectWaiters(error: Error): void {
    this.#snapshotWaiter?.reject(error);
    for (const waiter of this.#figureWaiters.splice(0)) waiter.reject(error);
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
    const number = this.#freeNumbers.pop() ?? this.#highest + 1;
    if (number > MAX_STREAMS) {
      throw new Error(`Cannot add a stream: at most ${MAX_STREAMS} fit the engine`);
    }
    this.#highest = Math.max(this.#highest, number);
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
      // A number is free once its removal is on its way: the worker reads in order.
      this.#freeNumbers.push(...this.#removals);
      this.#removals.clear();
    }
    if (this.#sets.size > 0) {
      this.#send({ kind: "set", streams: [...this.#sets.values()] });
      this.#sets.clear();
    }
  }

  #send(request: EngineRequest): void {
    if (this.state !== "running") return;
    this.#worker.postMessage(request);
    writeSync(this.#eventDescriptor, EVENT);
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
      const answer = await new Promise<{ rows: number; takenAtSeconds: number }>(
        (resolve, reject) => {
          this.#snapshotWaiter = { resolve, reject };
          this.#send({ kind: "snapshot", block: this.#block, rows: this.#rows });
        },
      );
      this.#snapshotWaiter = undefined;
      if (answer.rows <= this.#rows) {
        return { takenAtSeconds: answer.takenAtSeconds, ...this.#columns };
      }
      this.#rows = Math.ceil(answer.rows * 1.25);
      this.#block = new SharedArrayBuffer(blockBytes(this.#rows));
      this.#columns = columnsOf(this.#block);
    }
  }

  async figures(): Promise<EngineFigures> {
    this.#refuseUnlessRunning();
    return new Promise((resolve, reject) => {
      this.#figureWaiters.push({ resolve, reject });
      this.#send({ kind: "figures" });
    });
  }

  #askToStop(): void {
    Atomics.store(this.#control, CONTROL_WORD.stop, 1);
    if (this.#eventDescriptor >= 0 && this.state === "running") {
      writeSync(this.#eventDescriptor, EVENT);
    }
  }

  async stop(): Promise<void> {
    process.off("exit", this.#onExit);
    if (this.state === "stopped" || this.state === "failed") return;
    this.#askToStop();
    this.state = "stopped";
    this.#rejectWaiters(new Error("The ICMP engine was stopped"));
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_DEADLINE_MILLISECONDS);
    await this.#ended;
    clearTimeout(timer);
  }
}

import { closeSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { EngineOptions } from "../options.ts";
import type { TransportName } from "../transport.ts";
import type { EngineHost, HostListener } from "./engine-host.ts";
import {
  CONTROL_BYTES,
  CONTROL_WORD,
  type EngineReport,
  type EngineRequest,
  type EngineWorkerData,
  type OpenedTransports,
  type TransportRefusal,
} from "./messages.ts";

/** The built file beside this one; `tsc` does not rewrite names inside `new URL`. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js",
  import.meta.url,
);

/** The worker sleeps a quarter of a second at most; past this it hangs in foreign code. */
const STOP_DEADLINE_MILLISECONDS = 1_000;

const EVENT = Buffer.from(BigUint64Array.of(1n).buffer);

/** What starting the thread came to. */
export type ThreadStart = {
  /** Undefined when no transport could be opened: then the thread has ended. */
  readonly host: EngineHost | undefined;
  readonly opened: OpenedTransports;
  readonly refusals: readonly TransportRefusal[];
};

/**
 * Starts the echo worker.
 *
 * @param transports Those to try for each family, best first.
 * @returns When sockets are open, or it is known why there are none.
 * @throws an Error when the thread dies before that.
 */
export async function startThread(options: {
  readonly engine: EngineOptions;
  readonly transports: readonly TransportName[];
  readonly isDebug: boolean;
  readonly listener: HostListener;
}): Promise<ThreadStart> {
  const host = new ThreadHost(options);
  const started = await host.started;
  return { ...started, host: host.isRunning ? host : undefined };
}

type Started = Omit<ThreadStart, "host">;

class ThreadHost implements EngineHost {
  readonly started: Promise<Started>;
  readonly #listener: HostListener;
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #ended: Promise<void>;
  #state: "starting" | "running" | "ended" = "starting";
  #eventDescriptor = -1;
  readonly #onExit = (): void => this.#askToStop();

  constructor(options: Parameters<typeof startThread>[0]) {
    this.#listener = options.listener;
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    this.#control = new Int32Array(control);
    const workerData: EngineWorkerData = {
      control,
      options: options.engine,
      transports: options.transports,
      isDebug: options.isDebug,
    };
    this.#worker = new Worker(WORKER_URL, { workerData, name: "sounder-icmp" });
    this.started = new Promise((resolve, reject) => {
      // Nothing, once it has started.
      this.#worker.once("exit", () => reject(new Error("The ICMP engine's thread did not start")));
      this.#worker.on("message", (report: EngineReport) => this.#take(report, resolve));
      this.#worker.on("error", (error) => {
        const fault = error instanceof Error ? error : new Error(String(error));
        this.#fail(fault);
        reject(fault);
      });
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        if (this.#eventDescriptor >= 0) closeSync(this.#eventDescriptor);
        this.#eventDescriptor = -1;
        this.#fail(new Error("The ICMP engine's thread ended by itself"));
        process.off("exit", this.#onExit);
        resolve();
      });
    });
    process.once("exit", this.#onExit);
  }

  #take(report: EngineReport, onStarted: (started: Started) => void): void {
    switch (report.kind) {
      case "running":
        this.#eventDescriptor = report.eventDescriptor;
        this.#state = "running";
        onStarted(report);
        return;
      case "unavailable":
        this.#state = "ended";
        onStarted({ opened: {}, refusals: report.refusals });
        return;
      case "snapshot":
      case "figures":
      case "failures":
      case "one_shot":
      case "refused":
      case "event":
      case "echo_failed":
        this.#listener.onReport(report);
        return;
    }
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  #fail(error: Error): void {
    const wasRunning = this.#state === "running";
    this.#state = "ended";
    if (wasRunning) this.#listener.onFault(error);
  }

  send(request: EngineRequest): void {
    if (this.#state !== "running") return;
    this.#worker.postMessage(request);
    // A write to the eventfd costs several times what the message does: one wakes the thread for all that wait.
    if (Atomics.exchange(this.#control, CONTROL_WORD.rung, 1) === 0) {
      writeSync(this.#eventDescriptor, EVENT);
    }
  }

  #askToStop(): void {
    Atomics.store(this.#control, CONTROL_WORD.stop, 1);
    if (this.#eventDescriptor >= 0) writeSync(this.#eventDescriptor, EVENT);
  }

  async stop(): Promise<void> {
    this.#state = "ended";
    this.#askToStop();
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_DEADLINE_MILLISECONDS);
    await this.#ended;
    clearTimeout(timer);
  }
}

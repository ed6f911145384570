import { Worker } from "node:worker_threads";
import type { Logger } from "../../runtime/log.ts";
import { packageVersion } from "../../runtime/version.ts";
import type { ProbeRequest } from "../probe-request.ts";
import type { ProbeOutcome } from "../prober.ts";
import type {
  FromWorker,
  PoolFigures,
  PoolStream,
  StreamOutcome,
  ToWorker,
  WorkerSettings,
  WorkerStart,
} from "./messages.ts";

/** Source or built, whichever runs; `tsc` does not rewrite the names of worker files. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js",
  import.meta.url,
);

/** How long the thread may take to close its sockets before it is ended from outside. */
const STOP_SECONDS = 1;

/** The main thread's handle on the probe worker. */
export type ProbePool = {
  /** Puts other settings in force. Streams keep the module they were added with until they are added again. */
  readonly configure: (settings: WorkerSettings) => void;
  /** Begins to probe a stream; a stream of that number is replaced. */
  readonly add: (stream: PoolStream) => void;
  /** Also cuts its probe in flight; no outcome of it comes after those already under way. */
  readonly remove: (number: number) => void;
  /**
   * One probe now, of any prober but icmp. Ends with the reason `cancelled` when `signal` aborts.
   *
   * @throws when the worker is gone.
   */
  readonly probe: (request: ProbeRequest, signal: AbortSignal) => Promise<ProbeOutcome>;
  /** @throws when the worker is gone. */
  readonly figures: () => Promise<PoolFigures>;
  /** Ends all probes and the thread, within two seconds. */
  readonly stop: () => Promise<void>;
};

export type ProbePoolOptions = {
  readonly settings: WorkerSettings;
  readonly log: Logger;
  /** At most every tenth of a second, unless there are many. */
  readonly onOutcomes: (batch: readonly StreamOutcome[]) => void;
  /** The thread ended although nobody stopped it; nothing is probed any more. At most one call. */
  readonly onFault: (error: Error) => void;
  /** Where the worker's file is, for tests. */
  readonly workerUrl?: URL;
};

/** Starts the probe worker. Resolves when it is ready to probe. */
export async function createProbePool(options: ProbePoolOptions): Promise<ProbePool> {
  const start: WorkerStart = {
    ...options.settings,
    userAgent: `Sounder/${packageVersion()}`,
  };
  const worker = new Worker(options.workerUrl ?? WORKER_URL, {
    workerData: start,
    name: "sounder-probe",
  });
  const calls = new Calls(worker);
  let state: "starting" | "running" | "stopping" | "ended" = "starting";
  let error: Error | undefined;

  await new Promise<void>((resolve, reject) => {
    worker.on("message", (message: FromWorker) => {
      switch (message.kind) {
        case "ready":
          state = "running";
          return resolve();
        case "outcomes":
          if (state === "running") options.onOutcomes(message.batch);
          return;
        case "probed":
          return calls.settle(message.id, message.outcome);
        case "figures":
          return calls.settle(message.id, message.figures);
        case "log":
          return options.log[message.level](message.message, message.fields);
      }
    });
    worker.on("error", (thrown: unknown) => {
      error = new Error("Cannot go on probing: the probe worker failed", { cause: thrown });
    });
    worker.on("exit", (code) => {
      const before = state;
      state = "ended";
      const why = before === "stopping" ? "was stopped" : `ended with code ${code}`;
      const fault = error ?? new Error(`Cannot go on probing: the probe worker ${why}`);
      calls.failAll(fault);
      reject(fault);
      if (before === "running") options.onFault(fault);
    });
  });

  const post = (message: ToWorker): void => worker.postMessage(message);
  return {
    configure: (settings) => post({ kind: "configure", settings }),
    add: (stream) => post({ kind: "add", stream }),
    remove: (number) => post({ kind: "remove", number }),
    probe: async (request, signal) => {
      const call = calls.open<ProbeOutcome>((id) => ({ kind: "probe", id, request }));
      const cancel = (): void => post({ kind: "cancel", id: call.id });
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
      try {
        return await call.answer;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    figures: () => calls.open<PoolFigures>((id) => ({ kind: "figures", id })).answer,
    stop: async () => {
      if (state !== "running") return;
      state = "stopping";
      const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      post({ kind: "stop" });
      const timer = setTimeout(() => void worker.terminate(), STOP_SECONDS * 1000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Questions to the worker that wait for their answer. */
class Calls {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void }
  >();
  #lastId = 0;
  #fault: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  open<T>(message: (id: number) => ToWorker): { readonly id: number; readonly answer: Promise<T> } {
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#fault !== undefined) return { id, answer: Promise.reject(this.#fault) };
    const answer = new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
    });
    this.#worker.postMessage(message(id));
    return { id, answer };
  }

  settle(id: number, answer: unknown): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  failAll(fault: Error): void {
    this.#fault = fault;
    for (const { reject } of this.#waiting.values()) reject(fault);
    this.#waiting.clear();
  }
}

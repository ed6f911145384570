/**
 * The echo worker: a thread that sleeps in `ppoll` and has no message loop.
 *
 * Requests come by a message port that is read after the eventfd woke the thread; reports leave by the same port,
 * which needs no loop here.
 */

import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from "node:worker_threads";
import { type Libc, loadLibc } from "../transport/kernel/libc.ts";
import { EngineCore, engineClock } from "./engine-core.ts";
import {
  CONTROL_WORD,
  type EngineReport,
  type EngineRequest,
  type EngineWorkerData,
} from "./messages.ts";
import { namesOf, openKernelTransports } from "./open-kernel-transports.ts";

/** The longest sleep: after this the stop word is looked at, whatever happens. */
const MAX_SLEEP_SECONDS = 0.25;

/** The kernel switches receive stamping on lazily, by a work item: sending waits for it (measured). */
const STAMPING_DELAY_SECONDS = 0.01;

class EchoWorker {
  readonly #port: MessagePort;
  readonly #libc: Libc;
  readonly #control: Int32Array;
  readonly #eventDescriptor: number;
  readonly #core: EngineCore;
  readonly #polled: readonly number[];

  constructor(port: MessagePort, libc: Libc, data: EngineWorkerData, core: EngineCore) {
    this.#port = port;
    this.#libc = libc;
    this.#control = new Int32Array(data.control);
    this.#eventDescriptor = libc.eventfd();
    this.#core = core;
    this.#polled = [this.#eventDescriptor];
  }

  /** Returns when asked to stop. Sockets are closed then; the eventfd is the main thread's, which may be writing. */
  run(onStart: (eventDescriptor: number) => void): void {
    try {
      this.#libc.poll([], STAMPING_DELAY_SECONDS);
      onStart(this.#eventDescriptor);
      while (Atomics.load(this.#control, CONTROL_WORD.stop) === 0) {
        if (this.#sleep()) this.#takeRequests();
        this.#core.tick();
      }
    } finally {
      this.#core.close();
    }
  }

  /** @returns whether something woke the thread before its time: a request, or a reply that is waited for. */
  #sleep(): boolean {
    const now = engineClock.monotonicSeconds();
    const sleepSeconds = Math.min(this.#core.nextWakeSeconds() - now, MAX_SLEEP_SECONDS);
    // A one-shot echo is somebody's waiting request: its reply wakes the thread, others do not.
    const polled = this.#core.isAwaited
      ? [this.#eventDescriptor, ...this.#core.replyDescriptors()]
      : this.#polled;
    if (this.#libc.poll(polled, sleepSeconds) <= 0) return false;
    // Before the messages are read: one that was read ahead of its event would leave the event standing, and
    // this thread awake for ever.
    this.#libc.quiet(this.#eventDescriptor);
    // Before the messages are read as well: whoever posts one from here on rings again, and what was posted
    // before is read now.
    Atomics.store(this.#control, CONTROL_WORD.rung, 0);
    return true;
  }

  #takeRequests(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#core.take(received.message as EngineRequest);
    }
  }
}

async function main(port: MessagePort): Promise<void> {
  const data = workerData as EngineWorkerData;
  const report = (message: EngineReport): void => port.postMessage(message);
  const loaded = await loadLibc();
  const { transports, refusals } = openKernelTransports(loaded, data);
  if (loaded.kind === "absent" || transports.length === 0) {
    report({ kind: "unavailable", refusals });
    port.close();
    return;
  }
  const { libc } = loaded;
  const core = new EngineCore({
    transports,
    engine: data.options,
    isDebug: data.isDebug,
    interfaceIndex: libc.interfaceIndex,
    report,
  });
  const opened = namesOf(transports);
  new EchoWorker(port, libc, data, core).run((eventDescriptor) =>
    report({ kind: "running", eventDescriptor, opened, refusals }),
  );
  port.close();
}

if (parentPort !== null) await main(parentPort);

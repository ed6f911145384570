/**
 * The echo worker: a thread that sleeps in `ppoll` and has no message loop.
 *
 * Requests come by a message port that is read after the eventfd woke the thread; reports leave by the same port,
 * which needs no loop here.
 */

import { randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from "node:worker_threads";
import type { Clock } from "../runtime/clock.ts";
import type { EchoStream } from "./echo.ts";
import { EchoLoop } from "./echo-loop.ts";
import type { EngineFigures } from "./engine-contract.ts";
import { MAX_IDENTIFIERS } from "./in-flight.ts";
import {
  CONTROL_WORD,
  type EngineReport,
  type EngineRequest,
  type EngineWorkerData,
} from "./messages.ts";
import { columnsOf } from "./tally-layout.ts";
import { type Libc, loadLibc } from "./transport/libc.ts";
import { LinuxTransport } from "./transport/linux.ts";
import { socketAddress } from "./transport/socket-address.ts";
import { IcmpSocketError, type Transport } from "./transport.ts";

/** The longest sleep: after this the stop word is looked at, whatever happens. */
const MAX_SLEEP_SECONDS = 0.25;

/** The kernel switches receive stamping on lazily, by a work item: sending waits for it (measured). */
const STAMPING_DELAY_SECONDS = 0.01;

/** Streams set between two ticks. */
const SET_SLICE = 500;

/** Wanted buffer: what comes in this time, … */
const BUFFERED_SECONDS = 0.25;
/** … doubled, a reply taking this much of it with the kernel's bookkeeping. */
const BUFFER_BYTES_PER_REPLY = 2 * 1024;

/** `performance.now()` makes no garbage, which a BigInt clock would, several times for each echo. */
const threadClock: Clock = {
  monotonicSeconds: () => performance.now() / 1000,
  wallSeconds: () => Date.now() / 1000,
};

class EchoWorker {
  readonly #port: MessagePort;
  readonly #libc: Libc;
  readonly #control: Int32Array;
  readonly #eventDescriptor: number;
  readonly #transports: readonly Transport[];
  readonly #loop: EchoLoop;
  readonly #oneShots = new Set<number>();
  readonly #polled: readonly number[];
  readonly #polledWithReplies: readonly number[];

  constructor(port: MessagePort, libc: Libc, data: EngineWorkerData, transports: Transport[]) {
    this.#port = port;
    this.#libc = libc;
    this.#control = new Int32Array(data.control);
    this.#transports = transports;
    this.#eventDescriptor = libc.eventfd();
    this.#polled = [this.#eventDescriptor];
    this.#polledWithReplies = [
      this.#eventDescriptor,
      ...transports.flatMap((transport) => transport.replyDescriptor ?? []),
    ];
    this.#loop = new EchoLoop({
      clock: threadClock,
      transports,
      errnoName: libc.errnoName,
      onOneShotEnd: (stream, outcome) => {
        // The stream is removed by the next message, not here, in the middle of a drain.
        this.#oneShots.delete(stream);
        this.#report({ kind: "one_shot", stream, outcome });
      },
    });
  }

  #report(report: EngineReport): void {
    this.#port.postMessage(report);
  }

  /** Returns when asked to stop. Sockets are closed then; the eventfd is the main thread's, which may be writing. */
  run(problems: readonly string[]): void {
    try {
      this.#libc.poll([], STAMPING_DELAY_SECONDS);
      this.#report({ kind: "running", eventDescriptor: this.#eventDescriptor, problems });
      while (Atomics.load(this.#control, CONTROL_WORD.stop) === 0) {
        if (this.#sleep()) this.#takeRequests();
        this.#loop.tick();
      }
    } finally {
      for (const transport of this.#transports) transport.close();
    }
  }

  /** @returns whether something woke the thread before its time: a request, or a reply that is waited for. */
  #sleep(): boolean {
    const now = threadClock.monotonicSeconds();
    const sleepSeconds = Math.min(this.#loop.nextWakeSeconds() - now, MAX_SLEEP_SECONDS);
    // A one-shot echo is somebody's waiting request: its reply wakes the thread, others do not.
    const descriptors = this.#oneShots.size > 0 ? this.#polledWithReplies : this.#polled;
    if (this.#libc.poll(descriptors, sleepSeconds) <= 0) return false;
    // Before the messages are read: one that was read ahead of its event would leave the event standing, and
    // this thread awake for ever.
    this.#libc.quiet(this.#eventDescriptor);
    return true;
  }

  #takeRequests(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#take(received.message as EngineRequest);
    }
  }

  #take(request: EngineRequest): void {
    switch (request.kind) {
      case "set":
        this.#setAll(request.streams);
        return;
      case "remove":
        for (const number of request.numbers) this.#loop.remove(number);
        return;
      case "one_shot":
        this.#oneShots.add(request.stream.number);
        this.#set(request.stream, true);
        return;
      case "snapshot":
        this.#snapshot(request.block, request.rows);
        return;
      case "figures":
        this.#report({ kind: "figures", figures: this.#figures() });
        return;
    }
  }

  /** Thousands of new streams are taken in slices: those that are there already are due meanwhile. */
  #setAll(streams: readonly EchoStream[]): void {
    this.#loop.reserve(streams.reduce((most, { number }) => Math.max(most, number), 0));
    for (let from = 0; from < streams.length; from += SET_SLICE) {
      if (from > 0) this.#loop.tick();
      for (const stream of streams.slice(from, from + SET_SLICE)) this.#set(stream, false);
    }
  }

  #set(stream: EchoStream, isOneShot: boolean): void {
    const transport = this.#transports.findIndex(({ family }) => family === stream.profile.family);
    let address: Uint32Array | undefined;
    let profile = 0;
    let refusal: string | undefined;
    try {
      if (stream.address !== undefined) {
        address = socketAddress(stream.address, this.#libc);
        const opened = this.#transports[transport];
        if (opened === undefined) {
          throw new Error(
            `Cannot send to ${stream.address}: no ${stream.profile.family} ICMP socket`,
          );
        }
        profile = opened.openProfile(stream.profile);
      }
    } catch (error) {
      address = undefined;
      refusal = error instanceof Error ? error.message : String(error);
    }
    if (refusal !== undefined) {
      this.#oneShots.delete(stream.number);
      this.#report({ kind: "refused", stream: stream.number, sentence: refusal });
      if (isOneShot) return;
    }
    this.#loop.set(
      stream.number,
      {
        intervalSeconds: stream.intervalSeconds,
        timeoutSeconds: stream.timeoutSeconds,
        payloadBytes: stream.payloadBytes,
        echoesPerInterval: stream.echoesPerInterval,
        echoSpacingSeconds: stream.echoSpacingSeconds,
        transport: Math.max(transport, 0),
        profile,
        address,
        isOneShot,
      },
      stream.phase,
      stream.lossWindowSeconds,
    );
  }

  /** What the kernel holds is counted first; the copy is whole, being made between ticks. */
  #snapshot(block: SharedArrayBuffer, rows: number): void {
    this.#loop.tick();
    const needed = this.#loop.highestStream + 1;
    if (needed <= rows) {
      const word = new Int32Array(block, 0, 1);
      Atomics.add(word, 0, 1);
      this.#loop.copyTallies(columnsOf(block));
      Atomics.add(word, 0, 1);
    }
    this.#report({ kind: "snapshot", rows: needed, takenAtSeconds: threadClock.wallSeconds() });
  }

  #figures(): EngineFigures {
    const figures = this.#loop.figures();
    const perFamily = this.#transports.map((transport) => ({
      ...transport.figures(),
      socketDrops: Math.max(transport.readDrops(), 0),
    }));
    return {
      families: perFamily,
      wantedReceiveBufferBytes: Math.ceil(
        figures.echoesPerSecond * BUFFERED_SECONDS * BUFFER_BYTES_PER_REPLY,
      ),
      foreignPackets: figures.foreignPackets,
      stampsMissing: figures.stampsMissing,
      missedTicks: figures.missedTicks,
      sendLag: figures.sendLag,
      suspectCauses: figures.suspectCauses,
    };
  }
}

function openTransports(
  libc: Libc,
  receiveBufferBytes: number,
): { readonly transports: Transport[]; readonly problems: string[] } {
  const transports: Transport[] = [];
  const problems: string[] = [];
  const blocks = 0x1_0000 / MAX_IDENTIFIERS;
  // Not block 0: an identifier of 0 is what careless programs send.
  const firstIdentifier = randomInt(1, blocks) * MAX_IDENTIFIERS;
  for (const family of ["ipv4", "ipv6"] as const) {
    try {
      transports.push(new LinuxTransport({ libc, family, firstIdentifier, receiveBufferBytes }));
    } catch (error) {
      if (!(error instanceof IcmpSocketError)) throw error;
      problems.push(error.message);
    }
  }
  return { transports, problems };
}

async function main(port: MessagePort): Promise<void> {
  const data = workerData as EngineWorkerData;
  const loaded = await loadLibc();
  const report = (message: EngineReport): void => port.postMessage(message);
  if (loaded.kind === "absent") {
    report({ kind: "unavailable", reason: loaded.reason });
    port.close();
    return;
  }
  const { transports, problems } = openTransports(loaded.libc, data.options.receive_buffer);
  if (transports.length === 0) {
    report({ kind: "unavailable", reason: problems.join("; ") });
    port.close();
    return;
  }
  new EchoWorker(port, loaded.libc, data, transports).run(problems);
  port.close();
}

if (parentPort !== null) await main(parentPort);

import { uptime } from "node:os";
import { performance } from "node:perf_hooks";
import type { Clock } from "../../runtime/clock.ts";
import type { EchoStream } from "../echo.ts";
import type { EchoFailure, EngineFigures } from "../engine-contract.ts";
import { EchoLoop } from "../loop/echo-loop.ts";
import { columnsOf } from "../loop/tally-layout.ts";
import type { EngineOptions } from "../options.ts";
import { wantedBufferBytes } from "../receive-buffer.ts";
import { socketAddress } from "../transport/socket-address.ts";
import type { Transport } from "../transport.ts";
import type { CoreReport, EngineRequest } from "./messages.ts";

/** Streams set between two ticks. */
const SET_SLICE = 500;

/** Deadlines are looked at in steps of 4 ms (`in-flight.ts`). */
const DEADLINE_STEP_SECONDS = 0.005;

/** Failures told for the log in any one second: an outage of thousands must not fill the port. */
const MAX_TOLD_PER_SECOND = 100;

/** `performance.now()` makes no garbage, which a BigInt clock would, several times for each echo. */
export const engineClock: Clock = {
  monotonicSeconds: () => performance.now() / 1000,
  wallSeconds: () => Date.now() / 1000,
};

/** The time since boot runs on while a machine is suspended, the monotonic clock does not (clock_gettime(2)). */
function suspendedSeconds(): number {
  return uptime() - performance.now() / 1000;
}

/** The engine without the thread: takes requests, runs the loop, tells what came of it. */
export class EngineCore {
  readonly #transports: readonly Transport[];
  readonly #report: (report: CoreReport) => void;
  readonly #interfaceIndex: (name: string) => number;
  readonly #loop: EchoLoop;
  /** One-shot echoes in flight, and when their deadline is applied at the latest; monotonic seconds. */
  readonly #oneShots = new Map<number, number>();
  #toldSecond = 0;
  #told = 0;

  constructor(options: {
    /** One for each family at most. */
    readonly transports: readonly Transport[];
    readonly engine: EngineOptions;
    readonly isDebug: boolean;
    readonly interfaceIndex: (name: string) => number;
    readonly report: (report: CoreReport) => void;
  }) {
    this.#transports = options.transports;
    this.#report = options.report;
    this.#interfaceIndex = options.interfaceIndex;
    this.#loop = new EchoLoop({
      clock: engineClock,
      transports: options.transports,
      maxFastEchoesPerSecond: options.engine.max_fast_packets_per_second,
      suspendedSeconds,
      onOneShotEnd: (stream, outcome) => {
        // The stream is removed by the next message, not here, in the middle of a drain.
        this.#oneShots.delete(stream);
        this.#report({ kind: "one_shot", stream, outcome });
      },
      onEvent: (event) => this.#report({ kind: "event", event }),
      onFailure: options.isDebug
        ? (_, address, failure) => this.#tell(address, failure)
        : undefined,
    });
  }

  #tell(address: string, failure: EchoFailure): void {
    const second = Math.floor(engineClock.monotonicSeconds());
    if (second !== this.#toldSecond) {
      this.#toldSecond = second;
      this.#told = 0;
    }
    this.#told += 1;
    if (this.#told <= MAX_TOLD_PER_SECOND) this.#report({ kind: "echo_failed", address, failure });
  }

  /** Somebody waits for an echo that is in flight: its reply is worth a tick at once. */
  get isAwaited(): boolean {
    return this.#oneShots.size > 0;
  }

  nextWakeSeconds(): number {
    let wake = this.#loop.nextWakeSeconds();
    for (const deadline of this.#oneShots.values()) wake = Math.min(wake, deadline);
    return wake;
  }

  tick(): void {
    this.#loop.tick();
  }

  take(request: EngineRequest): void {
    switch (request.kind) {
      case "set":
        this.#setAll(request.streams);
        return;
      case "remove":
        for (const number of request.numbers) this.#loop.remove(number);
        return;
      case "one_shot":
        this.#oneShots.set(
          request.stream.number,
          engineClock.monotonicSeconds() + request.stream.timeoutSeconds + DEADLINE_STEP_SECONDS,
        );
        this.#set(request.stream, true);
        return;
      case "snapshot":
        this.#snapshot(request);
        return;
      case "figures":
        this.#report({ kind: "figures", figures: this.#figures() });
        return;
      case "failures":
        this.#report({ kind: "failures", list: this.#loop.failures() });
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
    const { family } = stream.profile;
    const transport = this.#transports.findIndex((one) => one.family === family);
    let address: Uint32Array | undefined;
    let profile = 0;
    let refusal: string | undefined;
    try {
      if (stream.address !== undefined) {
        address = socketAddress(stream.address, { interfaceIndex: this.#interfaceIndex });
        const opened = this.#transports[transport];
        if (opened === undefined) {
          throw new Error(`Cannot send to ${stream.address}: no ${family} ICMP transport works`);
        }
        profile = opened.openProfile(stream.profile);
      }
    } catch (error) {
      address = undefined;
      refusal = error instanceof Error ? error.message : String(error);
    }
    if (refusal !== undefined) {
      const { number, address: refused = "" } = stream;
      this.#oneShots.delete(number);
      this.#report({ kind: "refused", stream: number, address: refused, sentence: refusal });
      if (isOneShot) return;
    }
    const { echoesPerInterval, echoSpacingSeconds, lossWindowSeconds } = stream;
    this.#loop.set(stream.number, {
      intervalSeconds: stream.intervalSeconds,
      timeoutSeconds: stream.timeoutSeconds,
      payloadBytes: stream.payloadBytes,
      echoesPerInterval,
      echoSpacingSeconds,
      transport: Math.max(transport, 0),
      profile,
      address,
      isOneShot,
      phase: stream.phase,
      lossWindowSeconds,
      fast: stream.fast,
      bucketBoundsSeconds: stream.bucketBoundsSeconds,
    });
  }

  /** What the kernel holds is counted first; the copy is whole, being made between ticks. */
  #snapshot(request: Extract<EngineRequest, { readonly kind: "snapshot" }>): void {
    this.#loop.tick();
    const rows = this.#loop.highestStream + 1;
    const { bucketCount } = this.#loop;
    if (rows <= request.rows && bucketCount <= request.bucketCount) {
      this.#loop.copyTallies(columnsOf(request.block, request.bucketCount));
    }
    const takenAtSeconds = engineClock.wallSeconds();
    this.#report({ kind: "snapshot", rows, bucketCount, takenAtSeconds });
  }

  #figures(): EngineFigures {
    const { stampSources, echoesPerSecond, ...figures } = this.#loop.figures();
    const families = this.#transports.map((transport, at) => ({
      ...transport.figures(),
      transmitStamp: stampSources[at] ?? "send_call",
      socketDrops: transport.readDrops(),
    }));
    return {
      families,
      wantedReceiveBufferBytes: wantedBufferBytes(echoesPerSecond),
      foreignPackets: figures.foreignPackets,
      fastEchoesSkipped: figures.fastEchoesSkipped,
      stampsMissing: figures.stampsMissing,
      missedTicks: figures.missedTicks,
      sendLag: figures.sendLag,
      suspectCauses: figures.suspectCauses,
    };
  }

  /** Descriptors that become readable with a reply. */
  replyDescriptors(): readonly number[] {
    return this.#transports.flatMap(({ replyDescriptors }) => replyDescriptors);
  }

  close(): void {
    for (const transport of this.#transports) transport.close();
  }
}
